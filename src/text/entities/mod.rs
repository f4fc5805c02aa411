//! Entities: the parts of a text that identify a place on the net, an account or a person.
//!
//! Detection is a hand-written scan, linear in the length of the text: tokens first (addresses,
//! handles, wallets, IBANs), then groups of digits between them (phones, cards, RIBs). A token is
//! decided by itself and by what follows it up to the next hard delimiter, and `<` and `>` are hard
//! delimiters, so putting a placeholder in place of an entity changes no other decision.

mod address;
mod bank;
mod defang;
mod hints;
mod numbers;
mod phone;
mod tables;
mod token;
mod wallet;

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(super) use self::tables::tables;

/// What an entity is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EntityKind {
    /// A web address, with or without scheme.
    Url,
    /// An account name, written `@name`.
    Handle,
    /// An e-mail address.
    Email,
    /// A telephone number.
    Phone,
    /// An International Bank Account Number (ISO 13616) with valid check digits.
    Iban,
    /// A Moroccan bank account number (relevé d'identité bancaire, 24 digits) with a valid key.
    Rib,
    /// A payment card number (ISO/IEC 7812) with a valid check digit.
    Card,
    /// An address of a crypto-currency: Bitcoin, Ethereum or TRON.
    Wallet,
    /// An amount of money; like the kinds below it says what happened, not who, and stays in prepared text.
    Amount,
    /// A date, a day seen from the writer, or a day of the week.
    Date,
    /// A time of day.
    Time,
    /// A town, province or region of Morocco.
    Place,
}

impl EntityKind {
    /// Every kind.
    pub const ALL: [EntityKind; 12] = [
        EntityKind::Url,
        EntityKind::Handle,
        EntityKind::Email,
        EntityKind::Phone,
        EntityKind::Iban,
        EntityKind::Rib,
        EntityKind::Card,
        EntityKind::Wallet,
        EntityKind::Amount,
        EntityKind::Date,
        EntityKind::Time,
        EntityKind::Place,
    ];

    /// The name of the kind in events and rules.
    pub fn as_str(self) -> &'static str {
        match self {
            EntityKind::Url => "url",
            EntityKind::Handle => "handle",
            EntityKind::Email => "email",
            EntityKind::Phone => "phone",
            EntityKind::Iban => "iban",
            EntityKind::Rib => "rib",
            EntityKind::Card => "card",
            EntityKind::Wallet => "wallet",
            EntityKind::Amount => "amount",
            EntityKind::Date => "date",
            EntityKind::Time => "time",
            EntityKind::Place => "place",
        }
    }

    /// What stands for an entity of this kind in prepared text; nothing does for a mention, which
    /// stays as it was written.
    pub fn placeholder(self) -> &'static str {
        match self {
            EntityKind::Url => "<url>",
            EntityKind::Handle => "@user",
            EntityKind::Email => "<email>",
            EntityKind::Phone => "<phone>",
            EntityKind::Iban | EntityKind::Rib => "<iban>",
            EntityKind::Card => "<card>",
            EntityKind::Wallet => "<wallet>",
            EntityKind::Amount | EntityKind::Date | EntityKind::Time | EntityKind::Place => "",
        }
    }
}

/// An entity found in a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Entity {
    /// What it is.
    pub kind: EntityKind,
    /// The bytes of the original it was written in.
    pub span: Range<usize>,
    /// A form for display that no program follows: `hxxps://evil[.]example/a`,
    /// `user[at]mail[.]tld`, a phone in E.164 form, a card by its last four digits; of a mention,
    /// its value (see [`super::mentions()`]).
    pub defanged: String,
    /// Of a place: its region, by ISO 3166-2.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub region: Option<String>,
}

impl Entity {
    fn new(kind: EntityKind, span: Range<usize>, defanged: String) -> Self {
        Self { kind, span, defanged, region: None }
    }
}

/// Which text is scanned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// Still with its case and look-alikes.
    Cleaned,
    /// As a model reads it.
    Folded,
}

/// The entities of `text`, ascending and apart; spans are bytes of `text`.
pub(super) fn scan(text: &str, reading: Reading) -> Vec<Entity> {
    let hints = hints::hints(text);
    let mut found = if hints.tokens { token::scan(text, reading) } else { Vec::new() };
    if hints.numbers {
        numbers::scan(text, &mut found);
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(text: &str) -> Vec<(EntityKind, &str, String)> {
        scan(text, Reading::Folded).into_iter().map(|e| (e.kind, &text[e.span.clone()], e.defanged)).collect()
    }

    /// What the scans find without the quick look before them.
    fn thoroughly(text: &str, reading: Reading) -> Vec<Entity> {
        let mut found = token::scan(text, reading);
        numbers::scan(text, &mut found);
        found
    }

    proptest! {
        #[test]
        fn the_quick_look_passes_over_nothing(text in "([a-zT0-9@.:/_+ -]|://|[0-9]{3}|com|ma|MA64|bc1|@){0,60}") {
            for reading in [Reading::Cleaned, Reading::Folded] {
                prop_assert_eq!(scan(&text, reading), thoroughly(&text, reading));
            }
        }
    }

    fn one<'a>(text: &'a str, kind: EntityKind, part: &'a str, defanged: &str) {
        assert_eq!(found(text), vec![(kind, part, defanged.to_owned())], "{text}");
    }

    #[test]
    fn addresses_with_and_without_scheme() {
        one(
            "chof https://evil.example/a?b=1.",
            EntityKind::Url,
            "https://evil.example/a?b=1",
            "hxxps://evil[.]example/a?b=1",
        );
        one("hadi (avito.ma) nasaba", EntityKind::Url, "avito.ma", "avito[.]ma");
        one("t.me/abc_d, wa", EntityKind::Url, "t.me/abc_d", "t[.]me/abc_d");
        one("هناhttps://x.co/ب ج", EntityKind::Url, "https://x.co/ب", "hxxps://x[.]co/ب");
        one("www.site.de", EntityKind::Url, "www.site.de", "www[.]site[.]de");
        one(
            "https://fr.wikipedia.org/wiki/A_(b)",
            EntityKind::Url,
            "https://fr.wikipedia.org/wiki/A_(b)",
            "hxxps://fr[.]wikipedia[.]org/wiki/A_(b)",
        );
        one(
            "https://a.com/?u=https://b.com/c",
            EntityKind::Url,
            "https://a.com/?u=https://b.com/c",
            "hxxps://a[.]com/?u=hxxps://b[.]com/c",
        );
        one("lien:https://evil.fr:8080/x", EntityKind::Url, "https://evil.fr:8080/x", "hxxps://evil[.]fr:8080/x");
    }

    #[test]
    fn a_missing_space_after_a_full_stop_is_no_address() {
        for text in ["argent.il est parti", "page.de", "3.5", "2.0.1", "a.m.", "fin...com", "https://", "www."] {
            assert_eq!(found(text), vec![], "{text}");
        }
    }

    #[test]
    fn mail_and_handles() {
        one("ecris bob.x@mail.com.", EntityKind::Email, "bob.x@mail.com", "bob.x[at]mail[.]com");
        one("@bob_99!", EntityKind::Handle, "@bob_99", "[at]bob_99");
        one("@محمد.x ok", EntityKind::Handle, "@محمد.x", "[at]محمد.x");
        assert_eq!(found("a@b.com@c").len(), 2);
        assert_eq!(found("@user <url> <phone> @ a@ @ d@3sh wlad d@esh"), vec![]);
    }

    #[test]
    fn phones_in_their_local_and_international_forms() {
        for text in [
            "0612345678",
            "06 12 34 56 78",
            "06.12.34.56.78",
            "06-12-34-56-78",
            "0612-345678",
            "+212612345678",
            "+212 6 12 34 56 78",
            "00212612345678",
            "00212 612-345-678",
            "212612345678",
            "+212 (0) 612345678",
            "+2120612345678",
        ] {
            one(text, EntityKind::Phone, text, "+212612345678");
        }
        one("whatsapp +33 6 12 34 56 78 10 euros", EntityKind::Phone, "+33 6 12 34 56 78", "+33612345678");
        one("tel:0522123456,", EntityKind::Phone, "0522123456", "+212522123456");
        for text in ["05/12/2024 10", "0112345678", "1234567890", "2024-11-24", "061234567", "06123456789"] {
            assert_eq!(found(text), vec![], "{text}");
        }
    }

    #[test]
    fn bank_accounts_and_cards_need_their_check_digits() {
        one(
            "FR14 2004 1010 0505 0001 3M02 606 svp",
            EntityKind::Iban,
            "FR14 2004 1010 0505 0001 3M02 606",
            "FR1420041010050500013M02606",
        );
        one(
            "MA64011519000001205000534921",
            EntityKind::Iban,
            "MA64011519000001205000534921",
            "MA64011519000001205000534921",
        );
        one("carte 4111 1111 1111 1111", EntityKind::Card, "4111 1111 1111 1111", "**** 1111");
        one("011 519 0000012050005349 21", EntityKind::Rib, "011 519 0000012050005349 21", "011519000001205000534921");
        for text in ["4111 1111 1111 1112", "FR1420041010050500013M02607", "011519000001205000534922"] {
            assert_eq!(found(text), vec![], "{text}");
        }
    }

    #[test]
    fn wallets_need_their_check_sum() {
        for wallet in [
            "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
            "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy",
            "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
            "0x52908400098527886E0F7030069857D2E4169EE7",
            "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t",
        ] {
            one(wallet, EntityKind::Wallet, wallet, wallet);
        }
        for text in
            ["1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb", "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdr", "0x529084000985"]
        {
            assert_eq!(found(text), vec![], "{text}");
        }
    }

    #[test]
    fn replacing_what_was_found_leaves_nothing_more_to_find() {
        for text in [
            "x.com,0612345678/0712345678@bob",
            "bob@x.comhttps://y.fr",
            "a@b@c.com",
            "https://x.y/z,http://b.c",
            "@bobhttps://x.co@z",
            "0612345678.ma/x",
            "4111111111111111https://x.y",
            "x.com..evil.fr.il",
        ] {
            let mut replaced = text.to_owned();
            for entity in scan(text, Reading::Cleaned).into_iter().rev() {
                replaced.replace_range(entity.span, entity.kind.placeholder());
            }
            assert_eq!(found(&replaced), vec![], "{text} {replaced}");
        }
    }
}
