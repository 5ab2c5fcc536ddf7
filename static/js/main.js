// The open page. Each module minds one thing; the page works without any of them, but does not move.
import "./alerts.js";
import "./brush.js";
import "./asking.js";
import "./completing.js";
import "./connection.js";
import "./drawer.js";
import "./forms.js";
import "./history.js";
import "./integrations.js";
import "./keys.js";
import "./lanes.js";
import "./narrow.js";
import "./opened.js";
import "./preferences.js";
import "./regions.js";
import "./stream.js";
import "./times.js";
