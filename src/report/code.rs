use std::fmt;
use std::fmt::Write as _;

/// Declares the codes once: the enum, its documentation and the page for people come from here.
macro_rules! codes {
    ($($name:ident $id:literal $refuses:literal, $title:literal, $meaning:literal, $remedy:literal;)*) => {
        /// What can be wrong with a record. The codes are stable: one is never reused or given another
        /// meaning. `EB-IN-0…` refuse the record, `EB-IN-1…` are warnings on an accepted report.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code {
            $(#[doc = $meaning] $name,)*
        }

        impl Code {
            /// Every code, in the order of their numbers.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The stable code, such as `EB-IN-0004`.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $id,)* }
            }

            /// A few words for lists and panels.
            pub fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }

            /// What it means, in a sentence or two.
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning,)* }
            }

            /// What the sender can do.
            pub fn remedy(self) -> &'static str {
                match self { $(Self::$name => $remedy,)* }
            }

            /// Whether the record is refused; otherwise the report is accepted with a warning.
            pub fn refuses(self) -> bool {
                match self { $(Self::$name => $refuses,)* }
            }
        }
    };
}

codes! {
    Empty "EB-IN-0001" true, "empty record",
        "The record has no value (a tombstone), or nothing but white space in it.",
        "Send the report as a JSON object. Reports are not deleted by tombstones.";
    TooLarge "EB-IN-0002" true, "too many bytes",
        "The value is larger than the byte limit. It was not parsed.",
        "Send attachments by reference, never inside the report.";
    NotUtf8 "EB-IN-0003" true, "not UTF-8",
        "The value is not UTF-8 text.",
        "Encode the JSON as UTF-8 (not UTF-16, Latin-1 or Windows-1256).";
    NotJson "EB-IN-0004" true, "not JSON",
        "The value is not one complete JSON document, or one of its known fields holds a number no 64-bit float can hold. The message gives line and column.",
        "Write the value with a JSON library; line breaks inside strings are written \\n.";
    TooDeep "EB-IN-0005" true, "nested too deep",
        "Objects and arrays stand inside each other beyond the depth limit. It was not parsed.",
        "Send the fields as the schema shows them; unknown fields count too.";
    TooManyElements "EB-IN-0006" true, "too many keys and values",
        "The JSON has more keys and values than the limit. It was not parsed.",
        "Leave out fields the schema does not name.";
    NotAnObject "EB-IN-0007" true, "not a JSON object",
        "The value is JSON, but an array, a string, a number, a boolean or null.",
        "Send one record for each report, and the report as an object, not as a string of JSON.";
    DuplicateField "EB-IN-0008" true, "field given twice",
        "A known field stands more than once in the same object, or a CloudEvent has both data and data_base64. Readers disagree on which counts, so none is taken.",
        "Send the field once.";
    WrongType "EB-IN-0009" true, "wrong JSON type",
        "A known field has another JSON type than the schema says.",
        "Send the type the message names; null or no field means missing.";
    MissingId "EB-IN-0010" true, "no id",
        "There is no id: none in the report, none as the record's key, none in the CloudEvent.",
        "Give every report an id and use it as the record's key.";
    InvalidId "EB-IN-0011" true, "unusable id",
        "The id is longer than 128 characters, holds control or text-direction characters, or is a number that is not a 64-bit integer.",
        "Send a string of 1 to 128 printable characters.";
    NoContent "EB-IN-0012" true, "nothing to classify",
        "None of description, content.text, content.url and attachments is there; strings of white space count as missing.",
        "Send at least one of them.";
    TextTooLong "EB-IN-0013" true, "text too long",
        "The description or the content's text has more characters than the limit.",
        "Shorten it, or send the rest as an attachment.";
    UrlTooLong "EB-IN-0014" true, "address too long",
        "The content's URL or an attachment's URI has more characters than the limit.",
        "Send a reference, not the data itself (no data: URL).";
    TooManyAttachments "EB-IN-0015" true, "too many attachments",
        "The list of attachments has more entries than the limit.",
        "Send the others with a further revision.";
    BatchMode "EB-IN-0016" true, "batch of CloudEvents",
        "The content type announces CloudEvents in batch mode, which Kafka's binding does not have.",
        "Send one record for each report.";
    ForeignFormat "EB-IN-0017" true, "CloudEvent not in JSON",
        "The content type announces a structured CloudEvent in a format other than JSON.",
        "Send application/cloudevents+json, or binary mode.";
    SpecVersion "EB-IN-0018" true, "unknown CloudEvents version",
        "The structured CloudEvent is not of version 1.",
        "Send specversion \"1.0\".";
    NoData "EB-IN-0019" true, "CloudEvent without data",
        "The structured CloudEvent has neither data nor data_base64.",
        "Put the report in data, as an object.";
    Base64 "EB-IN-0020" true, "bad base64",
        "The data_base64 of the structured CloudEvent is not base64.",
        "Encode with the standard alphabet and padding (RFC 4648, section 4), or send data.";
    IdFromKey "EB-IN-1001" false, "id taken from the key",
        "The report has no id; the record's key became it.",
        "Send the id in the report too.";
    IdFromEvent "EB-IN-1002" false, "id taken from the CloudEvent",
        "The report has no id and the record no usable key; the CloudEvent's id became it. Event ids change with every event, so revisions will not be recognised.",
        "Send the report's id in the report and as the record's key.";
    KeyDiffers "EB-IN-1003" false, "key is not the id",
        "The record's key differs from the report's id, which counts. Revisions may be processed out of order.",
        "Use the report's id as the record's key.";
    UnknownWord "EB-IN-1004" false, "unknown word",
        "role or identity is none of the schema's words; it counts as missing.",
        "Send one of the schema's words.";
    Unreadable "EB-IN-1005" false, "unreadable metadata",
        "submitted_at, country, language or revision has the right type but not the form the schema says; it counts as missing.",
        "submitted_at: RFC 3339 with offset; country: two letters; language: a tag such as ary-Latn; revision: 1 or more.";
    MetadataTooLong "EB-IN-1006" false, "metadata too long",
        "A short field (category, platform, language, …) is longer than its limit; it counts as missing.",
        "Send the stable word, not a text.";
    AttachmentWithoutUri "EB-IN-1007" false, "attachment without reference",
        "An attachment has no uri; it was left out.",
        "Send the uri of the stored file.";
    LoneSurrogate "EB-IN-1008" false, "half a character",
        "A \\u escape stands for half a character (a lone UTF-16 surrogate); it became U+FFFD.",
        "Cut texts between characters, not between UTF-16 units.";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The page of all codes, in Markdown.
pub fn rejections_page() -> String {
    let mut page = String::from(
        "<!-- Generated from src/report/code.rs; `IBALEG_BLESS=1 cargo test --release --test report` writes it anew. -->\n\
         # Why a record is refused, and what is warned of\n\n\
         A refused record leaves a rejection (code, JSON pointer, message, the report's id where it could be read) \
         and its untouched bytes in the dead-letter topic. A warning travels with the accepted report and costs it \
         nothing but the field concerned. Codes are stable.\n",
    );
    for (heading, refuses) in [("Refusals", true), ("Warnings", false)] {
        _ = write!(page, "\n## {heading}\n\n| code | what | meaning | what to do |\n|---|---|---|---|\n");
        for code in Code::ALL.iter().filter(|code| code.refuses() == refuses) {
            _ = writeln!(page, "| `{code}` | {} | {} | {} |", code.title(), code.meaning(), code.remedy());
        }
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_their_number_tells_their_kind() {
        let ids: std::collections::BTreeSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(ids.len(), Code::ALL.len());
        for code in Code::ALL {
            assert_eq!(code.as_str().starts_with("EB-IN-0"), code.refuses(), "{code}");
        }
    }
}
