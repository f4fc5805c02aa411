//! From logits to probabilities: Platt scaling (Platt 1999, "Probabilistic Outputs for Support Vector
//! Machines"), p = sigmoid(a·logit + b), one pair for each output.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::error::{Error, nearest};
use super::files::CALIBRATION;
use super::package::Output;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CalibrationFile {
    method: Method,
    outputs: BTreeMap<String, Platt>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Method {
    Platt,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct Platt {
    a: f64,
    b: f64,
}

/// The scaling of every output, in the order of the outputs.
#[derive(Debug)]
pub(super) struct Calibration(Vec<Platt>);

impl Calibration {
    /// Outputs that the file does not name keep a = 1, b = 0.
    pub(super) fn parse(bytes: Option<&[u8]>, outputs: &[Output]) -> Result<Self, Error> {
        let mut scales = vec![Platt { a: 1.0, b: 0.0 }; outputs.len()];
        let Some(bytes) = bytes else {
            return Ok(Self(scales));
        };
        let file: CalibrationFile = serde_json::from_slice(bytes)
            .map_err(|error| Error::Syntax { file: CALIBRATION, message: error.to_string() })?;
        let Method::Platt = file.method;
        for (name, platt) in file.outputs {
            let Some(index) = outputs.iter().position(|output| output.name == name) else {
                let what = format!("there is no output {name:?}");
                let names = outputs.iter().map(|output| output.name.as_str());
                return Err(Error::invalid(CALIBRATION, what, nearest(&name, names)));
            };
            // A falling scale would rank the clearest finding last.
            if !(platt.a > 0.0 && platt.a.is_finite() && platt.b.is_finite()) {
                let what = format!("{name:?} has a = {}, b = {}", platt.a, platt.b);
                return Err(Error::invalid(CALIBRATION, what, "a must be positive, both finite"));
            }
            if let Some(scale) = scales.get_mut(index) {
                *scale = platt;
            }
        }
        Ok(Self(scales))
    }

    /// Probabilities of logits in the order of the outputs; each in \[0, 1\] for a finite logit.
    pub(super) fn probabilities(&self, logits: &[f32]) -> Vec<f32> {
        logits.iter().zip(&self.0).map(|(&logit, platt)| sigmoid(platt.a * f64::from(logit) + platt.b)).collect()
    }
}

/// In double precision and from the side that cannot overflow, so that extreme logits stay in \[0, 1\].
#[expect(clippy::cast_possible_truncation, reason = "a probability loses only digits")]
fn sigmoid(x: f64) -> f32 {
    let small = (-x.abs()).exp();
    let tail = small / (1.0 + small);
    (if x < 0.0 { tail } else { 1.0 - tail }) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outputs() -> Vec<Output> {
        let output = |column, name: &str| Output { name: name.into(), label: name.into(), column };
        vec![output(0, "fraud"), output(1, "threat")]
    }

    #[test]
    fn absent_file_is_the_plain_sigmoid() {
        let calibration = Calibration::parse(None, &outputs()).unwrap();
        assert_eq!(calibration.probabilities(&[0.0, 1.0]), [0.5, 0.731_058_6]);
    }

    #[test]
    fn scales_only_the_named_output_and_rises_with_the_logit() {
        let file = br#"{"method":"platt","outputs":{"threat":{"a":2.0,"b":-1.0}}}"#;
        let calibration = Calibration::parse(Some(file), &outputs()).unwrap();
        assert_eq!(calibration.probabilities(&[0.0, 1.0]), [0.5, 0.731_058_6]);
        let rising: Vec<f32> = [-1e30, -90.0, -1.0, 0.0, 1.0, 90.0, f32::MAX]
            .iter()
            .filter_map(|&logit| calibration.probabilities(&[0.0, logit]).pop())
            .collect();
        assert!(rising.is_sorted() && rising.first() == Some(&0.0) && rising.last() == Some(&1.0));
    }

    #[test]
    fn refuses_a_falling_scale_an_unknown_output_and_an_unknown_key() {
        for (file, says) in [
            (r#"{"method":"platt","outputs":{"fraud":{"a":-1.0,"b":0}}}"#, "a must be positive"),
            (r#"{"method":"platt","outputs":{"fraude":{"a":1,"b":0}}}"#, "did you mean \"fraud\"?"),
            (r#"{"method":"platt","outputs":{"fraud":{"a":1,"b":0,"c":0}}}"#, "expected `a` or `b`"),
            (r#"{"method":"isotonic","outputs":{}}"#, "expected `platt`"),
        ] {
            let error = Calibration::parse(Some(file.as_bytes()), &outputs()).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
    }
}
