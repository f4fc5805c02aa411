//! Records to mutate: reports as citizens send them, and records no intake system should send.

use ibaleg::report::Envelope;

/// One Kafka record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) key: Option<Vec<u8>>,
    pub(crate) value: Option<Vec<u8>>,
    pub(crate) headers: Vec<(String, Option<Vec<u8>>)>,
}

impl Record {
    pub(crate) fn bare(value: &[u8]) -> Self {
        Self { value: Some(value.to_vec()), ..Self::default() }
    }

    pub(crate) fn envelope(&self) -> Envelope<'_> {
        Envelope { key: self.key.as_deref(), value: self.value.as_deref(), headers: &self.headers }
    }
}

/// Reports that are accepted as they stand.
pub(crate) const GOOD: &[&str] = &[
    r#"{"id":"R-1","description":"حولت لهم 3200 درهم وبعدها حظروني وحذفوا الصفحة، أرجوكم بسرعة"}"#,
    r#"{"id":"R-2","revision":2,"submitted_at":"2026-03-01T09:30:00+01:00","description":"عفاكم عاونوني، كيهددني بالتصاور ديالي","content":{"text":"إلا ما صيفطتيش 2000 درهم غادي ننشر كلشي","url":"https://example.org/p/1","platform":"WhatsApp"},"category":"sextortion","role":"victim","identity":"anonymous","country":"MA","language":"ary","attachments":[{"uri":"s3://evidence/1.jpg","media_type":"image/jpeg"}]}"#,
    r#"{"id":"R-3","description":"wa7ed sayed kayhdedni b tsawri 3la instaaaa, 3afakom d9i9a","content":{"text":"ghadi n5arej kolchi ila ma jbtich lflous","platform":"instagram"},"role":"victim","country":"FR","language":"ary-Latn"}"#,
    r#"{"id":"R-4","content":{"text":"Compte bloqué ! Confirmez votre carte sur http://exemple.test/ma sous 24 h","url":null,"platform":"SMS"},"category":"fraud","identity":"full","language":"fr"}"#,
    r#"{"id":"R-5","description":"They say they will \"wait for me\" outside school tomorrow \ud83d\ude2d\nplease","role":"witness","identity":"partial","country":"gb","language":"en","unknown":{"nested":[1,2,{"x":null}]}}"#,
    r#"{"id":"R-6","description":"Venden pasaportes y carnés en este canal, ¡mírenlo!","content":{"url":"https://t.me/ejemplo"},"submitted_at":"2026-07-14T23:59:60Z","country":"ES","language":"es"}"#,
    r#"{"id":"R-7","description":"ⵉⵜⵜⵎⵎⴰⵔⴰ ⵢⵉ ⵙ ⵜⵡⵍⴰⴼⵉⵏ ⵉⵏⵓ","language":"zgh"}"#,
    r#"{"id":"R-8","attachments":[{"uri":"https://files.example.org/a/b.mp4"},{"uri":"s3://evidence/2.ogg","media_type":"audio/ogg"}]}"#,
    r#"{"id":"R-9","description":"voir capture","content":{"text":"الدولة باقية، اقتلوهم \u062d\u064a\u062b ثقفتموهم","platform":"Telegram"},"category":"terrorism","role":"witness"}"#,
    r#"{"id":"R-10","description":null,"content":{"text":"ila bghiti les photos ykhtafiw payer 500€, sinon شوف شنو غادي نديرو"},"attachments":[],"role":null}"#,
];

/// Reports that are accepted with a warning.
pub(crate) const SLOPPY: &[&str] = &[
    r#"{"id":4711,"description":"arnaque sur avito"}"#,
    r#"{"description":"no id in the body"}"#,
    r#"{"id":"S-3","revision":0,"submitted_at":"yesterday","description":"x","role":"police","identity":"secret","country":"Maroc","language":"français"}"#,
    r#"{"id":"S-4","description":"cut in the middle \ud83d"}"#,
    r#"{"id":"S-5","description":"x","attachments":["s3://a",null,{"media_type":"image/png"},""]}"#,
];

/// Records that are refused.
pub(crate) const BAD: &[&str] = &[
    "",
    "null",
    "[]",
    "{}",
    "\"{\\\"id\\\":1}\"",
    "{\"id\":\"B-1\"",
    r#"{"id":"B-2","description":""}"#,
    r#"{"id":"B-3","description":7,"content":"text"}"#,
    r#"{"id":"B-4","id":"B-5","description":"x"}"#,
    r#"{"id":["B-6"],"description":"x"}"#,
    r#"{"id":"B-7","description":"x","attachments":{"uri":"x"}}"#,
    r#"{"id":"B-8","description":"x","revision":1e999}"#,
    r#"[{"id":"B-9","description":"x"}]"#,
    "{'id':'B-10','description':'single quotes'}",
    "{\"id\":\"B-11\",\"description\":\"a raw\nline break\"}",
    "id,description\nB-12,comma separated",
];

/// A structured CloudEvent around a report.
pub(crate) fn structured(data: &str) -> String {
    format!(
        r#"{{"specversion":"1.0","id":"E-1","source":"/intake","type":"report.submitted.v1","datacontenttype":"application/json","data":{data}}}"#
    )
}

pub(crate) fn header(name: &str, value: &str) -> (String, Option<Vec<u8>>) {
    (name.to_owned(), Some(value.as_bytes().to_vec()))
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut encoded = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().enumerate().fold(0_u32, |bits, (at, &byte)| bits | u32::from(byte) << (16 - 8 * at));
        for digit in 0..4 {
            let index = (bits >> (18 - 6 * digit)) as usize & 63;
            encoded.push(if digit <= chunk.len() { char::from(ALPHABET[index]) } else { '=' });
        }
    }
    encoded
}
