//! Addresses of crypto-currencies, by their check sums where they carry one.

use sha2::{Digest, Sha256};

const BASE58: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const BECH32: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";

/// Shortest and longest address recognised, in characters.
pub(super) const MIN_LEN: usize = 26;
const MAX_LEN: usize = 90;

/// Whether `token` is an address: Bitcoin in base58check or bech32/bech32m (BIP 173, BIP 350),
/// Ethereum by its form, TRON in base58check.
pub(super) fn is_wallet(token: &str) -> bool {
    if !(MIN_LEN..=MAX_LEN).contains(&token.len()) {
        return false;
    }
    match token.as_bytes() {
        [b'0', b'x' | b'X', hex @ ..] => hex.len() == 40 && hex.iter().all(u8::is_ascii_hexdigit),
        [b'b' | b'B', b'c' | b'C', b'1', data @ ..] => is_bech32(data),
        [b'1', ..] => base58check(token) == Some(0x00),
        [b'3', ..] => base58check(token) == Some(0x05),
        [b'T', ..] => base58check(token) == Some(0x41),
        _ => false,
    }
}

/// The version byte of a 25-byte base58check payload, if the check sum holds. An address without
/// a capital letter is not taken, so that case folding can't make one.
fn base58check(token: &str) -> Option<u8> {
    if token.len() > 35 || !token.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return None;
    }
    let mut payload = [0_u8; 25];
    for byte in token.bytes() {
        let mut carry = BASE58.iter().position(|symbol| *symbol == byte)?;
        for place in payload.iter_mut().rev() {
            carry += usize::from(*place) * 58;
            *place = u8::try_from(carry & 0xFF).ok()?;
            carry >>= 8;
        }
        if carry != 0 {
            return None;
        }
    }
    let (body, check) = payload.split_at_checked(21)?;
    let digest = Sha256::digest(Sha256::digest(body));
    (digest.get(..4)? == check).then_some(*body.first()?)
}

/// Whether the part after `bc1` closes the bech32 or bech32m check sum.
fn is_bech32(data: &[u8]) -> bool {
    const GENERATOR: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
    let mut check = 1_u32;
    let mut step = |value: u32| {
        let top = check >> 25;
        check = (check & 0x01ff_ffff) << 5 ^ value;
        for (bit, generator) in GENERATOR.iter().enumerate() {
            if top >> bit & 1 == 1 {
                check ^= generator;
            }
        }
    };
    // The human-readable part "bc": high bits, a zero, low bits.
    for value in [3, 3, 0, 2, 3] {
        step(value);
    }
    for byte in data {
        let lower = byte.to_ascii_lowercase();
        let Some(value) = BECH32.iter().position(|symbol| *symbol == lower) else {
            return false;
        };
        step(u32::try_from(value).unwrap_or_default());
    }
    matches!(check, 1 | 0x2bc8_30a3)
}
