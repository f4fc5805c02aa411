use std::collections::BTreeSet;

/// Characters of one shingle.
const SHINGLE: usize = 5;

/// Fewer different shingles than this say too little: two greetings are no campaign.
const LEAST_SHINGLES: usize = 24;

/// Hash functions of a signature.
pub(super) const HASHES: usize = 64;

/// Bands of the locality-sensitive hashing: two texts are compared when one band is equal.
pub(super) const BANDS: usize = 16;

/// Hash functions of one band. Texts with a resemblance of (1 / BANDS)^(1 / ROWS) = 0.5 meet with
/// a probability of 64 %, those of 0.8 with 99.98 %.
const ROWS: usize = HASHES / BANDS;

/// `MinHash` of a normalised text (Broder 1997, "On the resemblance and containment of documents"):
/// the share of equal positions of two signatures estimates the Jaccard similarity of the texts'
/// sets of five-character sequences, with a standard error of at most 1/16.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    smallest: [u32; HASHES],
}

impl Signature {
    /// The signature of a text as [`crate::text`] normalises it; `None` for one too short to be
    /// compared. Linear in the text; the same on every machine.
    pub fn of(text: &str) -> Option<Self> {
        let letters: Vec<char> = text.chars().filter(|c| !c.is_whitespace()).collect();
        let shingles: BTreeSet<u64> = letters.windows(SHINGLE).map(hash).collect();
        if shingles.len() < LEAST_SHINGLES {
            return None;
        }
        let mut smallest = [u32::MAX; HASHES];
        for shingle in shingles {
            let mut state = shingle;
            for least in &mut smallest {
                state = split_mix(state);
                // The upper half is the better mixed one.
                let value = (state >> 32) as u32;
                *least = (*least).min(value);
            }
        }
        Some(Self { smallest })
    }

    /// Estimated similarity of two texts, in [0, 1].
    pub fn resemblance(&self, other: &Self) -> f64 {
        let equal = self.smallest.iter().zip(&other.smallest).filter(|(a, b)| a == b).count();
        #[expect(clippy::cast_precision_loss, reason = "at most 64")]
        let share = equal as f64 / HASHES as f64;
        share
    }

    /// One key for each band; texts that have one in common are worth comparing.
    pub(super) fn keys(&self) -> impl Iterator<Item = (usize, u64)> {
        let bands = self.smallest.chunks(ROWS).enumerate();
        bands.map(|(band, rows)| (band, rows.iter().fold(0, |key, row| split_mix(key ^ u64::from(*row)))))
    }
}

fn hash(shingle: &[char]) -> u64 {
    shingle.iter().fold(0, |state, letter| split_mix(state ^ u64::from(u32::from(*letter))))
}

/// `SplitMix64` (Steele, Lea and Flood 2014): a bijection of 64 bits that leaves no pattern.
fn split_mix(state: u64) -> u64 {
    let state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}
