//! Tables of the entity scan.

/// Endings that make a bare name an address: generic domains and those of the countries our
/// readers meet, less the ones below.
#[rustfmt::skip]
pub(super) const DOMAINS: &[&str] = &[
    "com", "net", "org", "info", "biz", "gov", "edu", "mil", "int", "io", "co", "app", "dev", "xyz",
    "online", "shop", "store", "site", "website", "top", "club", "live", "tv", "vip", "icu", "link",
    "click", "blog", "cloud", "buzz", "bid", "loan", "work", "fun", "space", "tech", "world", "news",
    "email", "group", "agency", "digital", "network", "finance", "bet", "casino", "monster", "cyou",
    "sbs", "cfd", "rest", "lol", "gg", "cc", "ws", "tk", "ml", "cf", "gq", "ly", "gl", "ma", "fr",
    "uk", "eg", "dz", "tn", "qa", "kw", "jo", "iq", "lb", "sy", "ye", "sd", "mr", "ae", "tr", "ru",
    "cn", "jp", "nl", "pt", "ch", "pl", "br", "mx", "onion", "arpa",
];

/// Endings that are also words of French, Spanish, English or Darija, as in `argent.il`: they make
/// an address only with a path or after `www`.
#[rustfmt::skip]
pub(super) const AMBIGUOUS_DOMAINS: &[&str] = &[
    "me", "de", "es", "it", "be", "eu", "us", "is", "in", "to", "so", "no", "am", "as", "at", "by",
    "do", "id", "my", "il", "la", "le", "li", "lu", "se", "sa", "si", "mi", "su", "tu", "ne", "ai",
    "au", "ca", "ci", "ga", "ee", "fi", "fm", "gs", "im", "ir", "ke", "kr", "ng", "pa", "pe", "ps",
    "re", "ro", "sh", "st", "tl", "ve", "za", "page", "pro", "win", "one", "art", "today", "life",
    "media", "social", "chat", "zone", "services", "ar", "cl", "om", "ps", "bz", "sn", "ml",
];

/// Schemes that begin an address; the disguised ones are what careful people write.
pub(super) const SCHEMES: &[&str] = &["https", "http", "hxxps", "hxxp", "ftp"];

/// Country calling codes (ITU-T E.164) whose national numbers have a known length, with the least
/// and the greatest number of digits after the code.
#[rustfmt::skip]
pub(super) const COUNTRIES: &[(&str, usize, usize)] = &[
    ("212", 9, 9), ("213", 8, 9), ("216", 8, 8), ("218", 9, 9), ("20", 9, 10), ("222", 8, 8),
    ("221", 9, 9), ("225", 10, 10), ("33", 9, 9), ("34", 9, 9), ("32", 8, 9), ("31", 9, 9),
    ("39", 9, 10), ("49", 10, 11), ("44", 10, 10), ("41", 9, 9), ("351", 9, 9), ("46", 9, 9),
    ("47", 8, 8), ("45", 8, 8), ("90", 10, 10), ("966", 9, 9), ("971", 8, 9), ("974", 8, 8),
    ("965", 8, 8), ("962", 8, 9), ("961", 7, 8), ("964", 10, 10), ("963", 9, 9), ("7", 10, 10),
    ("1", 10, 10), ("234", 10, 10), ("233", 9, 9), ("237", 9, 9), ("91", 10, 10), ("92", 10, 10),
    ("86", 11, 11),
];

/// The tables as text, for the digest of this room.
pub(in crate::text) fn tables() -> Vec<(&'static str, String)> {
    vec![
        ("domains", format!("{DOMAINS:?}")),
        ("ambiguous_domains", format!("{AMBIGUOUS_DOMAINS:?}")),
        ("schemes", format!("{SCHEMES:?}")),
        ("countries", format!("{COUNTRIES:?}")),
    ]
}
