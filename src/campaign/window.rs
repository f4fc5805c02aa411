use std::collections::{BTreeMap, HashMap, VecDeque};

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use super::Signature;

/// Members kept under one band key: of a flood of equal texts the latest are enough to meet the next.
const MEMBERS_OF_KEY: usize = 8;

/// Limits of a window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// Two reports of one campaign lie at most this far apart.
    pub span: SignedDuration,
    /// Reports remembered at most; the earliest seen are forgotten first. One costs about 2.6 KiB (measured).
    pub capacity: usize,
    /// Least resemblance of two texts of one campaign, in [0, 1].
    pub resemblance: f64,
}

impl Default for Options {
    fn default() -> Self {
        Self { span: SignedDuration::from_hours(72), capacity: 50_000, resemblance: 0.7 }
    }
}

/// What is known of a report beside the others.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Membership {
    /// The campaign, where another report of the window says nearly the same. It is named after
    /// its first member, so that a replay gives it the same name.
    pub campaign: Option<String>,
    /// Reports of the campaign in the window, this one included; 1 without a campaign.
    pub members: usize,
    /// This id was seen in the window before: the same report again, or a later revision of it.
    pub repeated: bool,
}

#[derive(Debug)]
struct Member {
    id: String,
    at: Timestamp,
    signature: Signature,
    campaign: String,
}

/// The reports of the last span of time that are long enough to be compared.
#[derive(Debug)]
pub struct Window {
    options: Options,
    next: u64,
    members: BTreeMap<u64, Member>,
    by_id: HashMap<String, u64>,
    by_key: HashMap<(usize, u64), VecDeque<u64>>,
    sizes: HashMap<String, usize>,
    latest: Timestamp,
}

impl Window {
    /// An empty window.
    pub fn new(options: Options) -> Self {
        Self {
            options,
            next: 0,
            members: BTreeMap::new(),
            by_id: HashMap::new(),
            by_key: HashMap::new(),
            sizes: HashMap::new(),
            latest: Timestamp::MIN,
        }
    }

    /// Reports remembered.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Takes in one report and says what it belongs to. Of several campaigns that it resembles it
    /// joins the one with the closest text, of equally close ones the earliest. A report without a
    /// signature is compared with nothing. Constant time but for what leaves the window.
    pub fn observe(&mut self, id: &str, at: Timestamp, signature: Option<&Signature>) -> Membership {
        let previous = self.by_id.get(id).copied();
        let repeated = previous.is_some();
        if let Some(number) = previous {
            self.forget(number);
        }
        self.latest = self.latest.max(at);
        self.expire();
        let Some(signature) = signature else { return Membership { campaign: None, members: 1, repeated } };
        let joined = self.closest(at, signature).map(|member| member.campaign.clone());
        let campaign = joined.unwrap_or_else(|| self.name(id));
        self.remember(Member { id: id.to_owned(), at, signature: signature.clone(), campaign: campaign.clone() });
        let members = self.sizes.get(&campaign).copied().unwrap_or(1);
        Membership { campaign: (members > 1).then_some(campaign), members, repeated }
    }

    fn closest(&self, at: Timestamp, signature: &Signature) -> Option<&Member> {
        let mut best: Option<(f64, u64)> = None;
        for number in signature.keys().filter_map(|key| self.by_key.get(&key)).flatten() {
            let Some(member) = self.members.get(number) else { continue };
            let resemblance = member.signature.resemblance(signature);
            let near = member.at.duration_until(at).abs() <= self.options.span;
            let better =
                best.is_none_or(|(most, first)| resemblance > most || (resemblance >= most && *number < first));
            if near && resemblance >= self.options.resemblance && better {
                best = Some((resemblance, *number));
            }
        }
        best.and_then(|(_, number)| self.members.get(&number))
    }

    fn remember(&mut self, member: Member) {
        while self.members.len() >= self.options.capacity.max(1) {
            let Some((&oldest, _)) = self.members.first_key_value() else { break };
            self.forget(oldest);
        }
        let number = self.next;
        self.next += 1;
        for key in member.signature.keys() {
            let numbers = self.by_key.entry(key).or_default();
            if numbers.len() == MEMBERS_OF_KEY {
                let _ = numbers.pop_front();
            }
            numbers.push_back(number);
        }
        *self.sizes.entry(member.campaign.clone()).or_default() += 1;
        let _ = self.by_id.insert(member.id.clone(), number);
        let _ = self.members.insert(number, member);
    }

    fn forget(&mut self, number: u64) {
        let Some(member) = self.members.remove(&number) else { return };
        for key in member.signature.keys() {
            if let Some(numbers) = self.by_key.get_mut(&key) {
                numbers.retain(|other| *other != number);
                if numbers.is_empty() {
                    let _ = self.by_key.remove(&key);
                }
            }
        }
        if let Some(size) = self.sizes.get_mut(&member.campaign) {
            *size -= 1;
            if *size == 0 {
                let _ = self.sizes.remove(&member.campaign);
            }
        }
        let _ = self.by_id.remove(&member.id);
    }

    /// Forgets what was seen first, as long as it lies outside the span. A report that came late
    /// may shield older ones for a while; they are not compared for that.
    fn expire(&mut self) {
        while let Some((&oldest, member)) = self.members.first_key_value()
            && member.at.duration_until(self.latest) > self.options.span
        {
            self.forget(oldest);
        }
    }

    /// The name of the campaign that a report starts: its own, unless a campaign of this name goes
    /// on without it, which happens when a revision says something else.
    fn name(&self, id: &str) -> String {
        let names = (0..=self.sizes.len()).map(|n| {
            let mut name = hex::encode(Sha256::digest(format!("campaign\0{n}\0{id}").as_bytes()));
            name.truncate(16);
            name
        });
        let mut free = names.filter(|name| !self.sizes.contains_key(name));
        free.next().unwrap_or_default()
    }

    /// Band keys held.
    #[cfg(test)]
    pub(super) fn keys(&self) -> usize {
        self.by_key.len()
    }

    #[cfg(test)]
    pub(super) fn counted(&self) -> usize {
        self.sizes.values().sum()
    }
}
