use std::time::{Duration, Instant};

use serde::Serialize;

use crate::telemetry::Lane;

/// How long a lane may be silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Without a poll for longer, a lane is not ready. Above the time that a rebalance may take.
    pub ready: Duration,
    /// Without a poll for longer, a lane is stuck and only a new process helps. Above the longest pause
    /// of a restart, and the longest drain.
    pub live: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { ready: Duration::from_secs(15), live: Duration::from_secs(90) }
    }
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What.
    pub name: &'static str,
    /// Whether it is in order.
    pub ok: bool,
    /// What was found.
    pub found: String,
}

/// The answer of a health endpoint: in order if every check is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Every check is in order.
    pub ok: bool,
    /// What was looked at.
    pub checks: Vec<Check>,
}

impl Verdict {
    fn of(checks: Vec<Check>) -> Self {
        Self { ok: checks.iter().all(|check| check.ok), checks }
    }
}

fn check(name: &'static str, ok: bool, found: impl Into<String>) -> Check {
    Check { name, ok, found: found.into() }
}

/// Whether a new process would help: a lane that turns no more. Neither brokers nor the model matter,
/// and a process that is still loading or stopping lives.
pub(super) fn live(lanes: &[Lane], limits: Limits, now: Instant) -> Verdict {
    let stuck = numbers(lanes, |lane| lane.silence(now) > limits.live);
    let found = if stuck.is_empty() { "every lane turns".to_owned() } else { format!("lane {stuck} is stuck") };
    Verdict::of(vec![check("lanes", stuck.is_empty(), found)])
}

/// Whether loading is over: the model has passed its goldens and every lane has turned once. Once
/// true it stays true.
pub(super) fn started(lanes: Option<&[Lane]>) -> Verdict {
    let waiting = numbers(lanes.unwrap_or_default(), |lane| lane.polled.is_none());
    let turned = lanes.is_some() && waiting.is_empty();
    let found = match lanes {
        None => "not started".to_owned(),
        Some(_) if turned => "every lane has polled".to_owned(),
        Some(_) => format!("lane {waiting} has not polled yet"),
    };
    Verdict::of(vec![model(lanes), check("lanes", turned, found)])
}

/// Whether reports that come in now are worked on now.
pub(super) fn ready(lanes: Option<&[Lane]>, stopping: bool, limits: Limits, now: Instant) -> Verdict {
    let all = lanes.unwrap_or_default();
    let silent = numbers(all, |lane| lane.polled.is_none() || lane.silence(now) > limits.ready || lane.restarting);
    let cut_off = all.iter().filter_map(|lane| lane.unreachable_since).min();
    let polling = lanes.is_some() && silent.is_empty();
    let lane_found = match lanes {
        None => "not started".to_owned(),
        Some(_) if polling => "every lane polls".to_owned(),
        Some(_) => format!("lane {silent} does not poll, or begins again"),
    };
    let brokers_found = match cut_off {
        None => "no lane is cut off".to_owned(),
        Some(since) => {
            format!("no broker can be reached for {} s", now.saturating_duration_since(since).as_secs())
        }
    };
    Verdict::of(vec![
        model(lanes),
        check("lanes", polling, lane_found),
        check("brokers", cut_off.is_none(), brokers_found),
        check("stopping", !stopping, if stopping { "the process is stopping" } else { "no" }),
    ])
}

/// Lanes exist only once the model is loaded.
fn model(lanes: Option<&[Lane]>) -> Check {
    let loaded = lanes.is_some();
    check("model", loaded, if loaded { "loaded, goldens passed" } else { "being loaded" })
}

/// Numbers of the lanes for which `holds`.
fn numbers(lanes: &[Lane], holds: impl Fn(&Lane) -> bool) -> String {
    let numbers = lanes.iter().enumerate().filter(|(_, lane)| holds(lane)).map(|(number, _)| number.to_string());
    numbers.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::Event;

    const LIMITS: Limits = Limits { ready: Duration::from_secs(10), live: Duration::from_mins(1) };

    fn turned(now: Instant) -> Lane {
        let mut lane = Lane::new(now);
        lane.note(&Event::Turned { consumed: 0, in_flight: 0 }, now);
        lane
    }

    #[test]
    fn loading_is_alive_but_neither_started_nor_ready() {
        let now = Instant::now();
        assert!(live(&[], LIMITS, now).ok);
        assert!(!started(None).ok && !ready(None, false, LIMITS, now).ok);
        let unpolled = [Lane::new(now)];
        assert!(!started(Some(&unpolled)).ok && !ready(Some(&unpolled), false, LIMITS, now).ok);
    }

    #[test]
    fn one_dead_lane_takes_readiness_with_it_and_later_the_life() {
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let mut lanes = [turned(start), turned(start)];
        assert!(ready(Some(&lanes), false, LIMITS, after(9)).ok);
        lanes[0].note(&Event::Turned { consumed: 0, in_flight: 0 }, after(9));
        let verdict = ready(Some(&lanes), false, LIMITS, after(11));
        assert!(!verdict.ok && verdict.checks[1].found.contains("lane 1 "), "{verdict:?}");
        assert!(live(&lanes, LIMITS, after(59)).ok && started(Some(&lanes)).ok);
        lanes[0].note(&Event::Turned { consumed: 0, in_flight: 0 }, after(61));
        assert!(!live(&lanes, LIMITS, after(61)).ok && started(Some(&lanes)).ok);
    }

    #[test]
    fn unreachable_brokers_and_stopping_cost_readiness_only() {
        let now = Instant::now();
        let mut lanes = [turned(now)];
        assert!(!ready(Some(&lanes), true, LIMITS, now).ok);
        lanes[0].note(&Event::Brokers { up: 0, known: 1 }, now);
        let verdict = ready(Some(&lanes), false, LIMITS, now + Duration::from_secs(3));
        assert!(!verdict.ok && verdict.checks[2].found.contains("for 3 s"), "{verdict:?}");
        assert!(live(&lanes, LIMITS, now).ok && started(Some(&lanes)).ok);
    }

    #[test]
    fn a_lane_that_begins_again_is_not_ready() {
        let now = Instant::now();
        let mut lanes = [turned(now)];
        lanes[0].note(&Event::Restarting { reason: "", unfinished: 0, after: Duration::ZERO }, now);
        assert!(!ready(Some(&lanes), false, LIMITS, now).ok && live(&lanes, LIMITS, now).ok);
    }
}
