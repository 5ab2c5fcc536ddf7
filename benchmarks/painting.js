// Records what a page paints, and when: the rows of events, numbers, long tasks, layout shifts, and frames while they are
// counted. Times are milliseconds of the clock that Date.now() reads, but finer.
(() => {
  const clock = () => performance.timeOrigin + performance.now();
  const rows = {}; // position → [when it was painted, how it stood there then: "row", "folded" or "trimmed"]
  const numbers = {}; // selector → [[number, when it was painted], …]
  const added = new Set();
  const frames = [];
  const found = { rows, numbers, frames, longTasks: [], shifts: [] };
  let isFramePending = false;
  let isCountingFrames = false;

  window.painting = {
    clock,
    /** Forget what was recorded, and begin anew with the numbers in these elements. */
    begin(selectors) {
      for (const position in rows) delete rows[position];
      for (const selector in numbers) delete numbers[selector];
      for (const selector of selectors) numbers[selector] = [];
      frames.length = found.longTasks.length = found.shifts.length = 0;
    },
    countFrames(isOn) {
      isCountingFrames = isOn;
      if (isOn) requestAnimationFrame(countFrame);
    },
    found: () => found,
  };

  function countFrame() {
    if (!isCountingFrames) return;
    frames.push(clock());
    requestAnimationFrame(countFrame);
  }

  // A task that is posted in a frame's callbacks runs when the frame has been painted.
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = painted;

  function painted() {
    isFramePending = false;
    const now = clock();
    for (const row of added) rows[row.dataset.position] ??= [now, standing(row)];
    added.clear();
    for (const [selector, log] of Object.entries(numbers)) {
      const [digits] = /[\d,]+/.exec(document.querySelector(selector)?.textContent ?? "") ?? [];
      const number = digits && Number(digits.replaceAll(",", ""));
      if (digits && number !== log.at(-1)?.[0]) log.push([number, now]);
    }
  }

  function standing(row) {
    if (!row.isConnected) return "trimmed";
    return row.hidden ? "folded" : "row";
  }

  function changed(records) {
    for (const { target, addedNodes } of records) {
      if (target.id !== "stream") continue;
      for (const node of addedNodes) if (node.matches?.(".row")) added.add(node);
    }
    if (isFramePending) return;
    isFramePending = true;
    requestAnimationFrame(() => port2.postMessage(null));
  }

  new MutationObserver(changed).observe(document, { childList: true, subtree: true });
  observe("longtask", ({ startTime, duration }) => found.longTasks.push([performance.timeOrigin + startTime, duration]));
  observe("layout-shift", ({ startTime, value, hadRecentInput }) => {
    if (!hadRecentInput) found.shifts.push([startTime, value]);
  });

  function observe(type, take) {
    new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type });
  }
})();
