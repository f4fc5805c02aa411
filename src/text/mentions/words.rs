//! The words that amounts, dates and times are made of, in the spellings people use.
//!
//! Forms are written naturally and pass through the same normalisation as the texts. A form may
//! have several words.

/// A day as its writer sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Day {
    Yesterday,
    Today,
    Tonight,
    ThisMorning,
    ThisEvening,
    Tomorrow,
    AfterTomorrow,
}

impl Day {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Day::Yesterday => "yesterday",
            Day::Today => "today",
            Day::Tonight => "tonight",
            Day::ThisMorning => "this-morning",
            Day::ThisEvening => "this-evening",
            Day::Tomorrow => "tomorrow",
            Day::AfterTomorrow => "day-after-tomorrow",
        }
    }
}

/// A part of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Morning,
    Evening,
    Night,
}

/// What a phrase can mean. One phrase may have several entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// A number below one hundred, or several hundreds.
    Numeral(u32),
    /// An hour of the clock by its ordinal.
    Ordinally(u32),
    Hundred,
    /// A thousand and more, as a word.
    Scale(u64),
    /// A thousand as the letter behind digits.
    Thousands,
    Currency(&'static str),
    /// "and a half".
    Half,
    /// Half of what follows.
    HalfOf,
    /// Joins the parts of a number.
    And,
    /// Joins a number and what is counted.
    Of,
    Month(u8),
    /// Monday is 1; `sure` where the word has no other sense.
    Weekday {
        day: u8,
        sure: bool,
    },
    /// Comes before a day.
    DayCue,
    Day(Day),
    /// Before "the day" or "the night" that is not this one.
    OtherDayBefore,
    /// After "the day" or "the night" that is not this one.
    OtherDayAfter,
    /// Letters behind the number of a day: `1er`, `3rd`.
    Ordinal,
    Hour,
    Part(Part),
    /// An hour that has a name.
    Fixed(u8),
    /// Before an hour.
    At,
    /// Before an hour, in digits or words, and before little else.
    AtHour,
    /// Before a length of time.
    Lasting,
    /// Before a price.
    Price,
    /// Goes on after an amount.
    Follows,
    /// Before a place; `strong` where hardly anything else follows.
    Near {
        strong: bool,
    },
    /// An ordinary word that sounds like a place.
    Ordinary,
    /// A place of the gazetteer.
    Place {
        index: u16,
        weak: bool,
    },
}

impl Meaning {
    /// Whether a mention can begin with it.
    pub(super) fn may_start(self) -> bool {
        let begins = matches!(self, Numeral(_) | Ordinally(_) | Hundred | Scale(_) | Currency(_) | HalfOf | Month(_));
        begins || matches!(self, Fixed(_) | Meaning::Weekday { .. } | Meaning::Day(_) | Meaning::Place { .. })
    }
}

use Meaning::{
    And, At, AtHour, Currency, DayCue, Fixed, Follows, Half, HalfOf, Hour, Hundred, Lasting, Month, Near, Numeral, Of,
    Ordinal, Ordinally, OtherDayAfter, OtherDayBefore, Price, Scale, Thousands,
};

/// The forms as text, for the digest.
pub(super) fn text() -> String {
    format!("{FORMS:?}")
}

const fn weekday(day: u8) -> Meaning {
    Meaning::Weekday { day, sure: true }
}

const fn perhaps(day: u8) -> Meaning {
    Meaning::Weekday { day, sure: false }
}

/// Meanings with their forms.
#[rustfmt::skip]
pub(super) const FORMS: &[(Meaning, &[&str])] = &[
    (Numeral(1), &["un", "une", "one", "a", "an", "uno", "una", "واحد", "واحدة", "wa7ed", "wahd", "wahed", "wa7d"]),
    (Numeral(2), &["deux", "two", "dos", "جوج", "زوج", "اثنان", "اثنين", "اثنتين", "jouj", "joj", "jooj", "zouj", "juj"]),
    (Numeral(3), &["trois", "three", "tres", "ثلاثة", "ثلاث", "تلاتة", "تلات", "تلت", "tlata", "tlat", "tlt", "telt", "tlatt"]),
    (Numeral(4), &["quatre", "four", "cuatro", "أربعة", "أربع", "ربعة", "ربع", "rb3a", "reb3a", "rba3", "arb3a", "rab3a", "rb3"]),
    (Numeral(5), &["cinq", "five", "cinco", "خمسة", "خمس", "khamsa", "khmsa", "khemsa", "5amsa", "khms", "khams"]),
    (Numeral(6), &["six", "seis", "ستة", "ست", "setta", "stta", "sta", "sett", "stt"]),
    (Numeral(7), &["sept", "seven", "siete", "سبعة", "سبع", "seb3a", "sb3a", "sab3a", "sb3"]),
    (Numeral(8), &["huit", "eight", "ocho", "ثمانية", "ثماني", "تمنية", "تمنيا", "ثمنية", "tmnya", "tmenya", "tmnia", "temnia", "tmania"]),
    (Numeral(9), &["neuf", "nine", "nueve", "تسعة", "تسع", "تسعود", "tes3a", "ts3a", "tes3oud", "ts3od", "ts3oud", "tas3a"]),
    (Numeral(10), &["dix", "ten", "diez", "عشرة", "عشر", "3achra", "3chra", "3ashra", "achra"]),
    (Numeral(11), &["onze", "eleven", "once", "أحد عشر", "حداش", "7dach", "hdach"]),
    (Numeral(12), &["douze", "twelve", "doce", "اثنا عشر", "اثني عشر", "طناش", "tnach"]),
    (Numeral(13), &["treize", "thirteen", "trece", "ثلاثة عشر", "تلطاش", "teltach", "tltach"]),
    (Numeral(14), &["quatorze", "fourteen", "catorce", "أربعة عشر", "ربعطاش", "rb3tach", "reb3tach"]),
    (Numeral(15), &["quinze", "fifteen", "quince", "خمسة عشر", "خمسطاش", "khmstach", "khemstach"]),
    (Numeral(16), &["seize", "sixteen", "dieciseis", "ستة عشر", "سطاش", "stach", "settach"]),
    (Numeral(17), &["dix sept", "seventeen", "diecisiete", "سبعة عشر", "سبعطاش", "sb3tach", "seb3tach"]),
    (Numeral(18), &["dix huit", "eighteen", "dieciocho", "ثمانية عشر", "تمنطاش", "tmntach", "tmentach"]),
    (Numeral(19), &["dix neuf", "nineteen", "diecinueve", "تسعة عشر", "تسعطاش", "ts3tach", "tes3tach"]),
    (Numeral(20), &["vingt", "vingts", "twenty", "veinte", "عشرين", "عشرون", "3chrin", "3echrin", "3ichrin", "3achrin"]),
    (Numeral(30), &["trente", "thirty", "treinta", "ثلاثين", "ثلاثون", "تلاتين", "tlatin", "tlatine"]),
    (Numeral(40), &["quarante", "forty", "cuarenta", "أربعين", "أربعون", "ربعين", "rb3in", "reb3in", "arb3in"]),
    (Numeral(50), &["cinquante", "fifty", "cincuenta", "خمسين", "خمسون", "khamsin", "khmsin", "khemsin", "5amsin"]),
    (Numeral(60), &["soixante", "sixty", "sesenta", "ستين", "ستون", "settin", "sttin", "stin"]),
    (Numeral(70), &["septante", "seventy", "setenta", "سبعين", "سبعون", "seb3in", "sb3in", "sab3in"]),
    (Numeral(80), &["huitante", "eighty", "ochenta", "ثمانين", "ثمانون", "تمانين", "tmanin", "tmanine"]),
    (Numeral(90), &["nonante", "ninety", "noventa", "تسعين", "تسعون", "tes3in", "ts3in", "tas3in"]),
    (Hundred, &["cent", "cents", "hundred", "cien", "ciento", "مئة", "مائة", "مية", "ميا", "مياة", "mya", "mia", "miya", "miat", "myat"]),
    (Numeral(200), &["doscientos", "doscientas", "مئتين", "مئتان", "مائتين", "مائتان", "مئتي", "مائتي", "ميتين", "mytin", "mitin", "myatayn", "miatayn", "mitayn"]),
    (Numeral(300), &["trescientos", "ثلاثمائة", "ثلاثمئة", "ثلاث مائة", "تلتمية", "tltmya", "teltmya", "tlatmya", "teltmia", "tltmia", "tlt mya"]),
    (Numeral(400), &["cuatrocientos", "أربعمائة", "أربعمئة", "ربعمية", "rb3mya", "reb3mya", "rb3mia", "reb3mia", "rbe3mya"]),
    (Numeral(500), &["quinientos", "خمسمائة", "خمسمئة", "خمسمية", "khmsmya", "khemsmya", "khamsmya", "khmsmia", "khemsmia", "5msmya"]),
    (Numeral(600), &["seiscientos", "ستمائة", "ستمئة", "ستمية", "sttmya", "settmya", "stmya", "settmia", "sttmia"]),
    (Numeral(700), &["setecientos", "سبعمائة", "سبعمئة", "سبعمية", "sb3mya", "seb3mya", "sb3mia", "seb3mia"]),
    (Numeral(800), &["ochocientos", "ثمانمائة", "ثمانمئة", "ثمنمية", "تمنمية", "tmnmya", "tmenmya", "tmnmia", "tmenmia"]),
    (Numeral(900), &["novecientos", "تسعمائة", "تسعمئة", "تسعمية", "ts3mya", "tes3mya", "ts3mia", "tes3mia"]),
    (Scale(1_000), &["mille", "thousand", "thousands", "mil", "ألف", "آلاف", "ألفا", "الاف", "لف", "alf", "alef", "alaf", "2alf", "aalf", "milles"]),
    (Scale(2_000), &["ألفين", "ألفان", "ألفي", "alfin", "alfayn", "alfein"]),
    (Scale(1_000_000), &["million", "millions", "millon", "millones", "مليون", "المليون", "ملايين", "مليونا", "ملاين", "milyon", "melyoun", "mlyoun", "melyon", "milyoun", "mlayn", "mlayen", "mlayin", "lmilyon", "lmelyoun"]),
    (Scale(2_000_000), &["مليونين", "مليونان"]),
    (Scale(1_000_000_000), &["milliard", "milliards", "billion", "billions", "مليار", "مليارات", "mlyar", "melyar"]),
    (Thousands, &["k"]),
    (Half, &["et demi", "et demie", "and a half", "y media", "y medio", "ونصف", "ونص", "و نص", "و نصف", "w nss", "o nss", "w noss", "o noss", "w nes", "o nes"]),
    (HalfOf, &["نصف", "نص", "half", "medio", "nss", "noss", "demi"]),
    (And, &["et", "and", "y", "و", "w", "o", "ou"]),
    (Of, &["de", "d", "of", "ديال", "د", "dyal", "dial", "del"]),
    (Currency("MAD"), &["dh", "dhs", "dirham", "dirhams", "dirhem", "dirhems", "derham", "drahm", "drahem", "drhm", "derhem", "mad", "درهم", "دراهم", "درهما", "درهمًا", "الدرهم", "drh", "drham", "دهـ", "ⴷⵉⵔⵀⴰⵎ", "ⴷⵀ"]),
    (Currency("EUR"), &["euro", "euros", "eur", "أورو", "اورو", "يورو", "أوروهات", "orou", "oro", "yoro"]),
    (Currency("USD"), &["dollar", "dollars", "usd", "dolar", "dolares", "دولار", "دولارا", "دولارات", "dolars", "dolarat"]),
    (Currency("GBP"), &["pound", "pounds", "gbp", "جنيه إسترليني"]),
    (Currency("ryal"), &["ryal", "rial", "ryals", "riyal", "ريال", "ريالا", "ريالات", "ryalat", "ريال سعودي", "rials"]),
    (Currency("centime"), &["centime", "centimes", "سنتيم", "سنتيما", "سنتيمات", "santim", "centim", "santimat", "centimos", "centimo"]),
    (Currency("dinar"), &["dinar", "dinars", "دينار", "دنانير", "dinares"]),
    (Currency("BTC"), &["btc", "bitcoin", "bitcoins", "بيتكوين", "بتكوين"]),
    (Currency("ETH"), &["eth", "ethereum"]),
    (Currency("USDT"), &["usdt", "tether"]),
    (Month(1), &["janvier", "january", "enero", "يناير", "yanayer", "ينّاير"]),
    (Month(2), &["fevrier", "february", "febrero", "فبراير", "fbrayer"]),
    (Month(3), &["mars", "march", "marzo", "مارس"]),
    (Month(4), &["avril", "april", "abril", "أبريل", "ابريل", "إبريل"]),
    (Month(5), &["mai", "may", "mayo", "ماي", "مايو"]),
    (Month(6), &["juin", "june", "junio", "يونيو", "يونيه", "جوان", "yonyo", "younyou"]),
    (Month(7), &["juillet", "july", "julio", "يوليوز", "يوليو", "yolyoz", "youlyouz"]),
    (Month(8), &["aout", "august", "agosto", "غشت", "أغسطس", "ghocht", "ghoucht"]),
    (Month(9), &["septembre", "september", "septiembre", "شتنبر", "سبتمبر", "chotanbir"]),
    (Month(10), &["octobre", "october", "octubre", "أكتوبر"]),
    (Month(11), &["novembre", "november", "noviembre", "نونبر", "نوفمبر"]),
    (Month(12), &["decembre", "december", "diciembre", "دجنبر", "ديسمبر"]),
    (weekday(1), &["lundi", "monday", "lunes", "الإثنين", "لتنين", "letnin", "ltnin"]),
    (weekday(2), &["mardi", "tuesday", "martes", "الثلاثاء", "الثلثاء"]),
    (weekday(3), &["mercredi", "wednesday", "miercoles", "الأربعاء", "لاربع", "larb3a", "larba3"]),
    (weekday(4), &["jeudi", "thursday", "jueves", "الخميس", "lkhmis"]),
    (weekday(5), &["vendredi", "friday", "viernes", "الجمعة", "jem3a", "jm3a", "jom3a", "ljem3a"]),
    (weekday(6), &["samedi", "saturday", "sabado", "السبت", "ssebt"]),
    (weekday(7), &["dimanche", "sunday", "domingo", "l7ed", "l7d"]),
    (perhaps(1), &["اثنين", "تنين", "tnin", "tnine", "etnin"]),
    (perhaps(2), &["تلات", "التلات", "التلاتا", "ثلاثاء", "tlata", "tlat"]),
    (perhaps(3), &["الاربع", "أربعاء", "arba3", "lareb3"]),
    (perhaps(4), &["خميس", "khmis", "khamis"]),
    (perhaps(5), &["جمعة"]),
    (perhaps(6), &["سبت", "sebt", "sabt", "es sebt"]),
    (perhaps(7), &["الأحد", "الحد", "lhed", "lhad", "had", "l hed"]),
    (DayCue, &["يوم", "نهار", "nhar", "nhare", "youm", "yom", "jour", "ليلة", "صباح", "مساء", "lilt", "le", "du", "au", "el", "on", "date", "بتاريخ", "تاريخ"]),
    (Meaning::Day(Day::Yesterday), &["hier", "yesterday", "ayer", "أمس", "البارح", "البارحة", "lbar7", "lbareh", "lbare7", "lbarh", "lbar7a", "idgam", "idelli"]),
    (Meaning::Day(Day::Today), &["aujourd'hui", "aujourdhui", "aujourd hui", "today", "hoy", "اليوم", "ليوم", "اليوما", "ليوما", "lyoum", "lyouma", "lyom", "lyoma", "lioum", "elyoum", "assa", "ⴰⵙⵙⴰ"]),
    (Meaning::Day(Day::Tonight), &["ce soir", "cette nuit", "tonight", "esta noche", "الليلة", "هذه الليلة", "هاد الليلة", "هاد ليلة", "had lila", "had llila", "had lil", "llila", "lila hadi", "الليلة هادي"]),
    (Meaning::Day(Day::ThisMorning), &["ce matin", "this morning", "esta manana", "هذا الصباح", "صباح اليوم", "هاد الصباح", "had sba7", "had sbah", "had ssba7"]),
    (Meaning::Day(Day::ThisEvening), &["this evening", "esta tarde", "هذا المساء", "مساء اليوم", "هاد العشية", "had l3chiya", "had l3chia"]),
    (Meaning::Day(Day::Tomorrow), &["demain", "tomorrow", "manana", "غدا", "غدًا", "غدّا", "غدوة", "غدوا", "بكرة", "ghedda", "ghda", "ghdda", "ghada", "ghadda", "ghdwa", "ghedwa", "azekka", "azkka", "ⴰⵣⴽⴽⴰ"]),
    (Meaning::Day(Day::AfterTomorrow), &["apres demain", "day after tomorrow", "pasado manana", "بعد غد", "بعد غدا", "b3d ghedda", "b3d ghda", "men b3d ghedda", "mn b3d ghedda"]),
    (OtherDayBefore, &["ذلك", "ذاك", "تلك", "هذاك", "هاداك", "داك", "ديك", "نفس", "كل", "طوال", "طول", "la", "las", "una", "cada", "de la", "por la", "toda", "esta", "koul", "kol"]),
    (OtherDayAfter, &["الذي", "التي", "الأول", "الأولى", "التالي", "التالية", "الماضية", "السابقة", "لي", "اللي", "الموعود", "الموالي", "الواحد"]),
    (Ordinal, &["er", "st", "nd", "rd", "th", "eme"]),
    (Hour, &["h", "heure", "heures", "hrs", "o'clock", "oclock", "horas"]),
    (Meaning::Part(Part::Morning), &["am", "a.m", "du matin", "in the morning", "de la manana", "صباحا", "صباحًا", "في الصباح", "الصباح", "د الصباح", "ديال الصباح", "d sba7", "d sbah", "d ssba7", "dyal sba7", "dsba7", "fjer"]),
    (Meaning::Part(Part::Evening), &["pm", "p.m", "du soir", "de l'apres midi", "in the evening", "in the afternoon", "de la tarde", "مساء", "مساءً", "عصرا", "ظهرا", "في المساء", "د العشية", "ديال العشية", "العشية", "d l3chiya", "d l3chia", "dyal l3chiya"]),
    (Meaning::Part(Part::Night), &["de la nuit", "at night", "de la noche", "ليلا", "ليلًا", "د الليل", "ديال الليل", "د ليل", "d lil", "d llil", "dyal lil", "dlil", "f lil"]),
    (Fixed(12), &["midi", "noon", "mediodia", "midday", "منتصف النهار"]),
    (Fixed(0), &["minuit", "midnight", "medianoche", "منتصف الليل", "نص الليل", "نصاص الليل"]),
    (Ordinally(1), &["الواحدة", "الوحدة", "lwa7da", "lwe7da"]),
    (Ordinally(2), &["الثانية", "الجوج", "jjouj"]),
    (Ordinally(3), &["الثالثة", "التلاتة", "ttlata"]),
    (Ordinally(4), &["الرابعة", "الربعة", "rrb3a"]),
    (Ordinally(5), &["الخامسة", "الخمسة"]),
    (Ordinally(6), &["السادسة", "الستة"]),
    (Ordinally(7), &["السابعة", "السبعة"]),
    (Ordinally(8), &["الثامنة", "الثمانية", "التمنية", "ttmnya"]),
    (Ordinally(9), &["التاسعة", "التسعود", "التسعة"]),
    (Ordinally(10), &["العاشرة", "العشرة"]),
    (Ordinally(11), &["الحادية عشرة", "الحداش"]),
    (Ordinally(12), &["الثانية عشرة", "الطناش"]),
    (AtHour, &["a las", "a la", "sobre las", "الساعة"]),
    (At, &["at", "m3a", "ma3", "على", "مع", "معا", "3la", "around", "عند", "vers", "by", "after", "before", "since", "until", "till"]),
    (Lasting, &["dans", "pendant", "depuis", "durant", "toutes les", "tous les", "encore", "dure", "duree", "en", "in", "de", "for", "every", "pour", "chaque", "il y a", "خلال", "كل", "f"]),
    (Price, &["ب", "b", "بـ"]),
    (Follows, &["avant", "sinon", "ou", "par", "pour", "dans", "que", "qui", "a", "en", "et", "si", "sur", "mais", "before", "or", "by", "if", "in", "to", "from", "up", "and", "but", "for", "o", "antes", "por", "para", "sino", "si", "con", "من", "إلى", "في", "ف", "قبل", "أو", "ولا", "باش", "إلا", "وإلا", "مقابل", "لكي", "كي", "ل", "على", "حتى", "ما", "كل", "bach", "wla", "ola", "wlla", "mn", "men", "ila", "f", "fi", "l", "ta", "7ta", "9bel", "o", "w", "li", "chaque", "with", "near", "outside", "behind", "because", "غادي", "ghadi", "غاندير", "y", "sur", "chez", "فقط", "دفعة"]),
    (Meaning::Ordinary, &["9antra", "qantra", "l9antra", "lqantra", "9entra", "9antara", "qantara", "l9antara", "kontra"]),
    (Near { strong: true }, &["ف", "مدينة", "بمدينة", "حي", "عمالة", "إقليم", "جهة", "دوار", "f", "l", "mn", "dyal", "dial", "7da", "bin", "mdinat", "mdint", "medinat", "ville", "ville de", "ville d", "city of", "city", "ciudad de", "ciudad", "region de", "province de", "quartier"]),
    (Near { strong: false }, &["a", "au", "de", "d", "du", "vers", "entre", "in", "from", "to", "near", "at", "en", "desde", "hasta", "hacia", "في", "من", "إلى", "بين", "نحو", "قرب", "ب", "ل", "ديال", "men", "fi", "b", "gh", "g", "s", "ⴳ", "ⵖⵔ"]),
];
