use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::{Options, Signature, Window};

const TEXT: &str = "il m'a vendu un telephone sur une page qui n'existe plus, j'ai paye par virement et depuis il ne repond plus a mes messages";

fn at(minutes: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes)
}

fn options() -> Options {
    Options { span: SignedDuration::from_hours(1), capacity: 100, resemblance: 0.7 }
}

fn signature(text: &str) -> Option<Signature> {
    Signature::of(text)
}

#[test]
fn texts_that_differ_in_a_word_resemble_each_other_and_others_do_not() {
    let near = TEXT.replace("telephone", "ordinateur");
    let far = "quelqu'un menace ma soeur devant le lycee et lui envoie des messages toute la nuit depuis des numeros inconnus";
    let of = |text: &str| signature(text).unwrap();
    assert!(of(TEXT).resemblance(&of(&near)) > 0.7);
    assert!(of(TEXT).resemblance(&of(far)) < 0.2);
    assert!((of(TEXT).resemblance(&of(TEXT)) - 1.0).abs() < f64::EPSILON);
}

#[test]
fn a_text_too_short_is_compared_with_nothing() {
    assert_eq!(signature("bonjour, merci beaucoup"), None);
    assert_eq!(signature(&"a".repeat(10_000)), None);
    let mut window = Window::new(options());
    for n in 0..3 {
        let membership = window.observe(&format!("r-{n}"), at(0), None);
        assert_eq!((membership.campaign, membership.members), (None, 1));
    }
    assert!(window.is_empty());
}

#[test]
fn a_campaign_grows_keeps_its_name_and_ends_with_its_window() {
    let mut window = Window::new(options());
    let mut observe = |id: &str, minutes, text: &str| window.observe(id, at(minutes), signature(text).as_ref());
    assert_eq!(observe("a", 0, TEXT).campaign, None);
    let second = observe("b", 10, &TEXT.replace("virement", "mandat"));
    assert_eq!(second.members, 2);
    let third = observe("c", 65, TEXT);
    assert_eq!(third.campaign, second.campaign, "the first member has left, the second has not");
    assert_eq!(third.members, 2);
    let much_later = observe("d", 300, TEXT);
    assert_eq!((much_later.campaign, much_later.members), (None, 1));
}

#[test]
fn the_same_report_again_is_no_second_member() {
    let mut window = Window::new(options());
    let first = window.observe("a", at(0), signature(TEXT).as_ref());
    let again = window.observe("a", at(1), signature(TEXT).as_ref());
    assert!(!first.repeated && again.repeated);
    assert_eq!((again.members, again.campaign), (1, None));
    let other = window.observe("b", at(2), signature(TEXT).as_ref());
    let revised = window.observe("a", at(3), signature(&TEXT.replace("page", "pages")).as_ref());
    assert_eq!(revised.campaign, other.campaign);
    assert_eq!(revised.members, 2);
}

#[test]
fn a_revision_that_says_something_else_leaves_its_campaign() {
    let mut window = Window::new(options());
    let _ = window.observe("a", at(0), signature(TEXT).as_ref());
    let second = window.observe("b", at(1), signature(TEXT).as_ref());
    let revised = window.observe("a", at(2), signature(&text(4)).as_ref());
    assert_eq!((revised.campaign, revised.members, revised.repeated), (None, 1, true));
    let third = window.observe("c", at(3), signature(TEXT).as_ref());
    assert_eq!((&third.campaign, third.members), (&second.campaign, 2));
    let like_the_revision = window.observe("d", at(4), signature(&text(4)).as_ref());
    assert_eq!(like_the_revision.members, 2);
    assert_ne!(like_the_revision.campaign, third.campaign);
}

#[test]
fn a_flood_of_one_text_stays_one_campaign_within_the_capacity() {
    let mut window = Window::new(options());
    let (mut last, signature) = (None, signature(TEXT));
    for n in 0..1_000 {
        let membership = window.observe(&format!("r-{n}"), at(n / 100), signature.as_ref());
        if n > 0 {
            assert!(last.is_none() || membership.campaign == last, "{n}");
            last = membership.campaign;
        }
    }
    assert_eq!(window.len(), 100);
}

/// Reports drawn from few texts, ids and times, so that they repeat, meet and expire.
fn reports() -> impl Strategy<Value = Vec<(u8, u8, i64)>> {
    prop::collection::vec((0..40_u8, 0..6_u8, 0..400_i64), 0..120)
}

fn text(kind: u8) -> String {
    match kind {
        0 => TEXT.to_owned(),
        1 => TEXT.replace("messages", "appels"),
        2 => TEXT.replace("telephone", "velo"),
        3 => "a".to_owned(),
        4 => {
            "wahed sayed kayhdedni b tsawri ila makhelestoch ghedda f sba7, 3afakom 3awnoni ana khayfa bzaaf".to_owned()
        }
        _ => "يهددني رجل بنشر صوري لعائلتي إذا لم أدفع له ثلاثة آلاف درهم قبل يوم الجمعة المقبل".to_owned(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Memory is bounded and counts close whatever comes, in whatever order of time.
    #[test]
    fn a_window_never_holds_more_than_its_capacity_and_its_counts_close(reports in reports(), capacity in 1..12_usize) {
        let mut window = Window::new(Options { capacity, ..options() });
        for (id, kind, minutes) in reports {
            let membership = window.observe(&id.to_string(), at(minutes), signature(&text(kind)).as_ref());
            prop_assert!(window.len() <= capacity);
            prop_assert!(window.keys() <= super::signature::BANDS * window.len());
            prop_assert_eq!(window.counted(), window.len());
            prop_assert_eq!(membership.campaign.is_some(), membership.members > 1);
            prop_assert!(membership.members <= capacity);
        }
    }

    /// The same reports in the same order give the same campaigns.
    #[test]
    fn a_replay_gives_the_same_campaigns(reports in reports()) {
        let run = || {
            let mut window = Window::new(options());
            let observed = reports.iter().map(|(id, kind, minutes)| {
                window.observe(&id.to_string(), at(*minutes), signature(&text(*kind)).as_ref())
            });
            observed.collect::<Vec<_>>()
        };
        prop_assert_eq!(run(), run());
    }

    /// Whoever says the same within the span is found, however many other reports lie between, as
    /// long as the capacity holds them; whoever says it outside the span is not.
    #[test]
    fn equal_texts_meet_within_the_span_and_never_outside(gap in 0..200_i64, between in 0..50_usize) {
        let mut window = Window::new(options());
        let _ = window.observe("first", at(0), signature(TEXT).as_ref());
        for n in 0..between {
            let other = format!("rapport numero {n} {} sur une affaire sans lien avec les autres {n}", text(4 + u8::from(n % 2 == 0)));
            let _ = window.observe(&format!("other-{n}"), at(0), signature(&other).as_ref());
        }
        let second = window.observe("second", at(gap), signature(TEXT).as_ref());
        prop_assert_eq!(second.members, if gap <= 60 { 2 } else { 1 });
    }

    /// No text makes it panic, and white space does not matter.
    #[test]
    fn any_text_has_a_signature_or_none(text in "\\PC{0,300}") {
        let spaced: String = text.chars().flat_map(|c| [c, ' ']).collect();
        prop_assert_eq!(Signature::of(&text), Signature::of(&spaced));
    }
}
