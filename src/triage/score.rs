use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Steps between 0 and 1 in which scores are kept, compared and published.
const STEPS: f64 = 10_000.0;

/// A calibrated probability in [0, 1], kept to 1e-4.
///
/// Floating-point sums differ in their last bits with the shape of a batch. Scores are rounded
/// once, where they leave the model, and thresholds are compared with the rounded value, so
/// that what an event shows is exactly what was decided upon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Score(u16);

impl Score {
    /// Certainty.
    pub const ONE: Self = Self(10_000);

    /// Rounds a probability; `None` for NaN and for values outside [0, 1].
    pub fn new(probability: f64) -> Option<Self> {
        if !(0.0..=1.0).contains(&probability) {
            return None;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 ..= 10,000 fits")]
        Some(Self((probability * STEPS).round() as u16))
    }

    /// The rounded probability.
    pub fn value(self) -> f64 {
        f64::from(self.0) / STEPS
    }
}

impl Serialize for Score {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.value())
    }
}

impl<'de> Deserialize<'de> for Score {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = f64::deserialize(deserializer)?;
        Self::new(value)
            .ok_or_else(|| serde::de::Error::custom(format!("a score must lie between 0 and 1, not {value}")))
    }
}

impl JsonSchema for Score {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Score".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "number", "minimum": 0, "maximum": 1,
            "description": "Calibrated probability, rounded to four decimals."
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Score;

    #[test]
    fn a_score_is_a_probability_rounded_to_four_decimals() {
        assert_eq!(Score::new(0.123_449).map(Score::value), Some(0.1234));
        assert_eq!(Score::new(1.0).map(Score::value), Some(1.0));
        for bad in [f64::NAN, -0.1, 1.000_1, f64::INFINITY] {
            assert_eq!(Score::new(bad), None);
        }
    }
}
