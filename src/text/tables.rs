//! Every table of this room's character work, in one place so that the digest covers them all.

/// Ranges of characters that show nothing of their own: `Default_Ignorable_Code_Point` of the
/// Unicode Character Database, the interlinear annotation controls and the Arabic format
/// characters.
pub(super) const INVISIBLE: &[(char, char)] = &[
    ('\u{AD}', '\u{AD}'),
    ('\u{34F}', '\u{34F}'),
    ('\u{600}', '\u{605}'),
    ('\u{61C}', '\u{61C}'),
    ('\u{6DD}', '\u{6DD}'),
    ('\u{70F}', '\u{70F}'),
    ('\u{890}', '\u{891}'),
    ('\u{8E2}', '\u{8E2}'),
    ('\u{115F}', '\u{1160}'),
    ('\u{17B4}', '\u{17B5}'),
    ('\u{180B}', '\u{180F}'),
    ('\u{200B}', '\u{200F}'),
    ('\u{202A}', '\u{202E}'),
    ('\u{2060}', '\u{206F}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{FE00}', '\u{FE0F}'),
    ('\u{FEFF}', '\u{FEFF}'),
    ('\u{FFA0}', '\u{FFA0}'),
    ('\u{FFF0}', '\u{FFFB}'),
    ('\u{1BCA0}', '\u{1BCA3}'),
    ('\u{1D173}', '\u{1D17A}'),
    ('\u{E0000}', '\u{E0FFF}'),
];

/// Ranges of marks that are dropped: general combining marks, Cyrillic, Hebrew and Arabic points,
/// and the Quranic annotation signs.
pub(super) const DIACRITICS: &[(char, char)] = &[
    ('\u{300}', '\u{36F}'),
    ('\u{483}', '\u{489}'),
    ('\u{591}', '\u{5BD}'),
    ('\u{5BF}', '\u{5BF}'),
    ('\u{5C1}', '\u{5C2}'),
    ('\u{5C4}', '\u{5C5}'),
    ('\u{5C7}', '\u{5C7}'),
    ('\u{610}', '\u{61A}'),
    ('\u{640}', '\u{640}'),
    ('\u{64B}', '\u{65F}'),
    ('\u{670}', '\u{670}'),
    ('\u{6D6}', '\u{6ED}'),
    ('\u{897}', '\u{89F}'),
    ('\u{8CA}', '\u{8FF}'),
    ('\u{1AB0}', '\u{1AFF}'),
    ('\u{1DC0}', '\u{1DFF}'),
    ('\u{20D0}', '\u{20FF}'),
    ('\u{FE20}', '\u{FE2F}'),
];

/// Single characters written another way, after compatibility decomposition.
#[rustfmt::skip]
pub(super) const SUBSTITUTES: &[(char, &str)] = &[
    // Arabic letters whose difference people do not keep in writing.
    ('ٱ', "ا"), ('ٲ', "ا"), ('ٳ', "ا"), ('ٵ', "ا"),
    ('ى', "ي"), ('ی', "ي"), ('ې', "ي"), ('ے', "ي"), ('ۍ', "ي"), ('ێ', "ي"), ('ٸ', "ي"), ('ٶ', "و"),
    ('ة', "ه"), ('ہ', "ه"), ('ە', "ه"), ('ھ', "ه"), ('ۃ', "ه"),
    ('ک', "ك"), ('ڪ', "ك"),
    // One letter for the g of Darija and Amazigh.
    ('ڭ', "گ"), ('ݣ', "گ"), ('ڬ', "گ"), ('ڥ', "ڤ"),
    ('٠', "0"), ('١', "1"), ('٢', "2"), ('٣', "3"), ('٤', "4"),
    ('٥', "5"), ('٦', "6"), ('٧', "7"), ('٨', "8"), ('٩', "9"),
    ('۰', "0"), ('۱', "1"), ('۲', "2"), ('۳', "3"), ('۴', "4"),
    ('۵', "5"), ('۶', "6"), ('۷', "7"), ('۸', "8"), ('۹', "9"),
    ('،', ","), ('؛', ";"), ('؟', "?"), ('٪', "%"), ('٫', "."), ('٬', ","), ('۔', "."), ('٭', "*"),
    // Presentation forms of marks that stand on a blank or a tatweel.
    ('\u{FC5E}', ""), ('\u{FC5F}', ""), ('\u{FC60}', ""), ('\u{FC61}', ""), ('\u{FC62}', ""), ('\u{FC63}', ""),
    ('\u{FE70}', ""), ('\u{FE72}', ""), ('\u{FE74}', ""), ('\u{FE76}', ""), ('\u{FE78}', ""), ('\u{FE7A}', ""),
    ('\u{FE7C}', ""), ('\u{FE7E}', ""),
    // Latin letters with two common spellings, and those whose case folding is ASCII.
    ('œ', "oe"), ('Œ', "OE"), ('æ', "ae"), ('Æ', "AE"), ('ß', "ss"), ('ẞ', "SS"), ('ı', "i"),
    // Quotation marks, apostrophes, dashes, slashes.
    ('‘', "'"), ('’', "'"), ('‚', "'"), ('‛', "'"), ('‹', "'"), ('›', "'"), ('´', "'"), ('`', "'"),
    ('′', "'"), ('ʼ', "'"), ('ʹ', "'"), ('ʻ', "'"), ('ˈ', "'"), ('\u{1FEF}', "'"), ('\u{1FFD}', "'"),
    ('“', "\""), ('”', "\""), ('„', "\""), ('‟', "\""), ('«', "\""), ('»', "\""), ('〝', "\""), ('〞', "\""),
    ('‐', "-"), ('‒', "-"), ('–', "-"), ('—', "-"), ('―', "-"), ('−', "-"), ('⁃', "-"),
    ('⁄', "/"), ('∕', "/"),
];

/// Cyrillic and Greek letters and the Latin letters they look like (Unicode Technical Standard 39,
/// confusables, restricted to letters that pass in ordinary fonts). The case of the look-alike
/// follows the shape, not the letter.
#[rustfmt::skip]
pub(super) const TWINS_TO_LATIN: &[(char, char)] = &[
    // Cyrillic.
    ('а', 'a'), ('е', 'e'), ('о', 'o'), ('р', 'p'), ('с', 'c'), ('у', 'y'), ('х', 'x'), ('і', 'i'),
    ('ј', 'j'), ('ѕ', 's'), ('һ', 'h'), ('ԁ', 'd'), ('ԛ', 'q'), ('ԝ', 'w'), ('ӏ', 'l'), ('ү', 'y'),
    ('к', 'k'), ('т', 't'), ('м', 'm'), ('в', 'b'), ('н', 'h'), ('ь', 'b'), ('г', 'r'), ('п', 'n'),
    ('А', 'A'), ('Е', 'E'), ('О', 'O'), ('Р', 'P'), ('С', 'C'), ('У', 'Y'), ('Х', 'X'), ('І', 'I'),
    ('Ј', 'J'), ('Ѕ', 'S'), ('Һ', 'H'), ('Ԁ', 'D'), ('Ԛ', 'Q'), ('Ԝ', 'W'), ('Ӏ', 'I'), ('Ү', 'Y'),
    ('К', 'K'), ('Т', 'T'), ('М', 'M'), ('В', 'B'), ('Н', 'H'), ('Ь', 'b'), ('Г', 'r'), ('П', 'n'),
    // Greek; epsilon and gamma also stand for the Amazigh letters.
    ('α', 'a'), ('ο', 'o'), ('ρ', 'p'), ('ν', 'v'), ('υ', 'u'), ('ι', 'i'), ('κ', 'k'), ('τ', 't'),
    ('χ', 'x'), ('η', 'n'), ('ω', 'w'), ('β', 'b'), ('μ', 'u'), ('ζ', 'z'), ('ε', 'ɛ'), ('γ', 'ɣ'),
    ('Α', 'A'), ('Ο', 'O'), ('Ρ', 'P'), ('Ν', 'N'), ('Υ', 'Y'), ('Ι', 'I'), ('Κ', 'K'), ('Τ', 'T'),
    ('Χ', 'X'), ('Η', 'H'), ('Ω', 'W'), ('Β', 'B'), ('Μ', 'M'), ('Ζ', 'Z'), ('Ε', 'E'), ('Γ', 'Ɣ'),
];

/// The reverse, for a Cyrillic word with Latin letters in it.
#[rustfmt::skip]
pub(super) const TWINS_TO_CYRILLIC: &[(char, char)] = &[
    ('a', 'а'), ('e', 'е'), ('o', 'о'), ('p', 'р'), ('c', 'с'), ('y', 'у'), ('x', 'х'), ('i', 'і'),
    ('k', 'к'), ('m', 'м'), ('t', 'т'),
    ('A', 'А'), ('E', 'Е'), ('O', 'О'), ('P', 'Р'), ('C', 'С'), ('Y', 'У'), ('X', 'Х'), ('I', 'І'),
    ('K', 'К'), ('M', 'М'), ('T', 'Т'), ('B', 'В'), ('H', 'Н'),
];

/// Characters that separate the letters of a word that is spaced or dotted out.
pub(super) const SPACERS: &[char] = &[' ', '.', '-', '_', '*', '/', '+', ',', '~', '|', '·', '•'];
