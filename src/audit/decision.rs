use serde::Serialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// What of an event's data was decided: all of it but when, and the citizen's own texts. The same
/// bytes decided again by the same digests give the same value.
pub fn decided<T: Serialize>(data: &T) -> Value {
    // Events hold strings, numbers, lists and maps with string keys: these always serialise.
    let mut value = serde_json::to_value(data).unwrap_or_default();
    if let Some(fields) = value.as_object_mut() {
        for name in ["timings", "received_at", "text"] {
            fields.shift_remove(name);
        }
    }
    if let Some(deadline) = value.pointer_mut("/urgency/deadline").and_then(Value::as_object_mut) {
        deadline.shift_remove("acknowledge_by");
    }
    value
}

/// SHA-256 of the decision as it is written, in hexadecimal.
pub fn decision_digest<T: Serialize>(data: &T) -> String {
    hex::encode(Sha256::digest(decided(data).to_string()))
}
