//! The normalised view said plainly: one simple step over the whole string after the other,
//! written without the room's tables and single passes. Only where the entities are is asked of
//! the room.

use ibaleg::text::{View, prepare};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_script::{Script, UnicodeScript};

/// The normalised view of `original`.
pub fn normalised(original: &str) -> String {
    let steps: [fn(&str) -> String; 7] =
        [characters, spaces_and_marks, placeholders, join_spaced, look_alikes, case, elongation];
    steps.iter().fold(original.to_owned(), |text, step| step(&text))
}

fn placeholders(text: &str) -> String {
    let mut replaced = text.to_owned();
    for entity in prepare(text, View::Redacted).entities().iter().rev() {
        replaced.replace_range(entity.span.clone(), entity.kind.placeholder());
    }
    replaced
}

fn characters(text: &str) -> String {
    text.chars().map(character).collect()
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{70F}' | '\u{6DD}' | '\u{8E2}' | '\u{3164}' | '\u{FEFF}' | '\u{FFA0}'
        | '\u{600}'..='\u{605}' | '\u{890}' | '\u{891}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
        | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
        | '\u{FE00}'..='\u{FE0F}' | '\u{FFF0}'..='\u{FFFB}' | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}'
        | '\u{E0000}'..='\u{E0FFF}')
}

fn is_diacritic(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36F}' | '\u{483}'..='\u{489}' | '\u{591}'..='\u{5BD}' | '\u{5BF}' | '\u{5C1}' | '\u{5C2}'
        | '\u{5C4}' | '\u{5C5}' | '\u{5C7}' | '\u{610}'..='\u{61A}' | '\u{640}' | '\u{64B}'..='\u{65F}' | '\u{670}'
        | '\u{6D6}'..='\u{6ED}' | '\u{897}'..='\u{89F}' | '\u{8CA}'..='\u{8FF}' | '\u{1AB0}'..='\u{1AFF}'
        | '\u{1DC0}'..='\u{1DFF}' | '\u{20D0}'..='\u{20FF}' | '\u{FE20}'..='\u{FE2F}')
}

/// One character alone; white space becomes a blank.
fn character(c: char) -> String {
    if is_invisible(c) || is_diacritic(c) || "ﱞﱟﱠﱡﱢﱣﹰﹲﹴﹶﹸﹺﹼﹾ".contains(c) {
        return String::new();
    }
    if c.is_whitespace() || c.is_control() || c == '\u{2800}' {
        return " ".to_owned();
    }
    if let Some(spelled) = spelling(c) {
        return spelled.to_owned();
    }
    let decomposed: String = c.to_string().nfkd().collect();
    if decomposed.contains(char::is_whitespace) {
        return c.to_string();
    }
    let without: String = decomposed.chars().filter(|c| !is_diacritic(*c)).collect();
    let composed: String = if without == decomposed { c.to_string().nfkc().collect() } else { without.nfc().collect() };
    let spelled: String = composed
        .chars()
        .filter(|c| !is_invisible(*c))
        .map(|c| spelling(c).map_or_else(|| c.to_string(), str::to_owned))
        .collect();
    if spelled.len() > 4 * c.len_utf8() { c.to_string() } else { spelled }
}

fn spelling(c: char) -> Option<&'static str> {
    const DIGITS: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
    let digit = |zero: char| DIGITS[(u32::from(c) - u32::from(zero)) as usize];
    Some(match c {
        'ٱ' | 'ٲ' | 'ٳ' | 'ٵ' => "ا",
        'ى' | 'ی' | 'ې' | 'ے' | 'ۍ' | 'ێ' | 'ٸ' => "ي",
        'ٶ' => "و",
        'ة' | 'ہ' | 'ە' | 'ھ' | 'ۃ' => "ه",
        'ک' | 'ڪ' => "ك",
        'ڭ' | 'ݣ' | 'ڬ' => "گ",
        'ڥ' => "ڤ",
        '٠'..='٩' => digit('٠'),
        '۰'..='۹' => digit('۰'),
        '،' | '٬' => ",",
        '؛' => ";",
        '؟' => "?",
        '٪' => "%",
        '٫' | '۔' => ".",
        '٭' => "*",
        'œ' => "oe",
        'Œ' => "OE",
        'æ' => "ae",
        'Æ' => "AE",
        'ß' => "ss",
        'ẞ' => "SS",
        'ı' => "i",
        '‘' | '’' | '‚' | '‛' | '‹' | '›' | '´' | '`' | '′' | 'ʼ' | 'ʹ' | 'ʻ' | 'ˈ' | '\u{1FEF}' | '\u{1FFD}' => {
            "'"
        }
        '“' | '”' | '„' | '‟' | '«' | '»' | '〝' | '〞' => "\"",
        '‐' | '‒' | '–' | '—' | '―' | '−' | '⁃' => "-",
        '⁄' | '∕' => "/",
        _ => return None,
    })
}

/// One blank between words, none at the ends, at most four marks in a row.
fn spaces_and_marks(text: &str) -> String {
    let spaced = text.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    let mut kept = String::new();
    let mut marks = 0;
    for c in spaced.chars() {
        marks = if is_combining_mark(c) { marks + 1 } else { 0 };
        if marks <= 4 {
            kept.push(c);
        }
    }
    kept
}

/// Words whose letters are set apart by one and the same character, tried at every place.
fn join_spaced(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let at = |index: isize| usize::try_from(index).ok().and_then(|index| chars.get(index)).copied();
    let word = |index: isize| at(index).is_some_and(char::is_alphanumeric);
    let single = |index: isize| word(index) && !word(index - 1) && !word(index + 1);
    let tied = |near: isize, far: isize| at(near).is_some_and(|c| !c.is_whitespace()) && word(far);
    let mut dropped = vec![false; chars.len()];
    let end = chars.len().cast_signed();
    let mut start = 0;
    while start < end {
        let separator = at(start + 1).filter(|c| " .-_*/+,~|·•".contains(*c));
        let Some(separator) = separator.filter(|_| single(start)) else {
            start += 1;
            continue;
        };
        let mut last = start;
        while at(last + 1) == Some(separator) && single(last + 2) {
            last += 2;
        }
        let (mut first, mut stop) = (start, last);
        if tied(first - 1, first - 2) {
            first = if separator == ' ' { first + 2 } else { end };
        }
        if tied(stop + 1, stop + 2) {
            stop = if separator == ' ' { stop - 2 } else { -1 };
        }
        let letters = (first..=stop).step_by(2).filter(|index| at(*index).is_some_and(char::is_alphabetic)).count();
        if stop - first >= 6 && letters >= 2 {
            (first + 1..stop).step_by(2).for_each(|index| dropped[index.cast_unsigned()] = true);
            start = stop + 1;
        } else {
            start = if last > start { last } else { start + 1 };
        }
    }
    chars.iter().zip(dropped).filter(|(_, dropped)| !dropped).map(|(c, _)| *c).collect()
}

fn look_alikes(text: &str) -> String {
    let mut done = String::new();
    let mut word = String::new();
    for c in text.chars().chain(['\n']) {
        if c.is_alphanumeric() {
            word.push(c);
            continue;
        }
        done.push_str(&look_alike_word(&word));
        word.clear();
        done.push(c);
    }
    done.pop();
    done
}

const CYRILLIC: &str = "аеорсухіјѕһԁԛԝӏүктмвньгпАЕОРСУХІЈЅҺԀԚԜӀҮКТМВНЬГП";
const CYRILLIC_AS_LATIN: &str = "aeopcyxijshdqwlyktmbhbrnAEOPCYXIJSHDQWIYKTMBHbrn";
const GREEK: &str = "αορνυικτχηωβμζεγΑΟΡΝΥΙΚΤΧΗΩΒΜΖΕΓ";
const GREEK_AS_LATIN: &str = "aopvuiktxnwbuzɛɣAOPNYIKTXHWBMZEƔ";
const LATIN: &str = "aeopcyxikmtAEOPCYXIKMTBH";
const LATIN_AS_CYRILLIC: &str = "аеорсухікмтАЕОРСУХІКМТВН";

fn twin(from: &str, to: &str, c: char) -> Option<char> {
    let find = |c: char| from.chars().position(|other| other == c).and_then(|place| to.chars().nth(place));
    find(c).or_else(|| case(&c.to_string()).parse().ok().and_then(find))
}

fn look_alike_word(word: &str) -> String {
    let latin = |c: &char| c.script() == Script::Latin;
    let foreign = |c: &char| matches!(c.script(), Script::Cyrillic | Script::Greek);
    let to_latin = |c: char| twin(CYRILLIC, CYRILLIC_AS_LATIN, c).or_else(|| twin(GREEK, GREEK_AS_LATIN, c));
    let to_cyrillic = |c: char| twin(LATIN, LATIN_AS_CYRILLIC, c);
    if !word.chars().any(|c| latin(&c)) || !word.chars().any(|c| foreign(&c)) {
        return word.to_owned();
    }
    if word.chars().filter(foreign).all(|c| to_latin(c).is_some()) {
        return word.chars().map(|c| to_latin(c).unwrap_or(c)).collect();
    }
    let greek = word.chars().any(|c| c.script() == Script::Greek);
    if !greek && word.chars().filter(latin).all(|c| to_cyrillic(c).is_some()) {
        return word.chars().map(|c| to_cyrillic(c).unwrap_or(c)).collect();
    }
    word.to_owned()
}

fn case(text: &str) -> String {
    let lower: String = text.chars().flat_map(char::to_lowercase).collect();
    let upper: String = lower.chars().flat_map(char::to_uppercase).collect();
    upper.chars().flat_map(char::to_lowercase).collect()
}

fn elongation(text: &str) -> String {
    let mut kept: Vec<char> = Vec::new();
    for c in text.chars() {
        if !(c.is_alphabetic() && kept.ends_with(&[c, c])) {
            kept.push(c);
        }
    }
    kept.into_iter().collect()
}
