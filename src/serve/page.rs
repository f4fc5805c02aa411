//! The page and its parts, as they are compiled in.

/// A file of the page: path, media type, content.
pub(super) type Part = (&'static str, &'static str, &'static str);

/// Every file of the page.
pub(super) const PARTS: [Part; 5] = [
    ("/", "text/html; charset=utf-8", include_str!("page/index.html")),
    ("/page.css", "text/css; charset=utf-8", include_str!("page/page.css")),
    ("/page.js", "text/javascript; charset=utf-8", include_str!("page/page.js")),
    ("/words.js", "text/javascript; charset=utf-8", include_str!("page/words.js")),
    ("/charts.js", "text/javascript; charset=utf-8", include_str!("page/charts.js")),
];

/// What the page may load and where it may be shown (CSP level 3): its own files only, in no frame.
pub(super) const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
     img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
