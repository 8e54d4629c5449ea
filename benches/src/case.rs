//! Contenders taking turns: one question, everybody's answer, in the same minutes.

use crate::statistics::{Interval, bootstrap, median, quantile};
use crate::turn::Turn;
use crate::{Args, Report, isolated};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use std::io::{IsTerminal, stderr};

/// The name every program gives to what is being measured for its own sake.
pub const OURS: &str = "micropool";

/// One thing to measure, by several contenders. A contender sets up its pool, warms it up, measures and tears the pool down
/// within its turn, which is a process of its own.
pub struct Case<'a> {
    name: String,
    contenders: Vec<Contender<'a>>,
    goals: Vec<Goal>,
    extra: Option<&'static str>,
}

struct Contender<'a> {
    name: String,
    /// No peer: a bound, a serial run, another setting of ours. Never "the best rival".
    yardstick: bool,
    take_turn: Box<dyn FnMut() -> Turn + 'a>,
    turns: Vec<Turn>,
    /// Why it has no figures.
    failed: Option<String>,
}

impl<'a> Contender<'a> {
    fn new(name: &str, yardstick: bool, turn: impl FnMut() -> Turn + 'a) -> Self {
        Self { name: name.into(), yardstick, take_turn: Box::new(turn), turns: Vec::new(), failed: None }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub enum Statistic {
    P50,
    P99,
    /// The case's own figure.
    Extra,
}

#[derive(Clone, Debug)]
pub enum Against {
    Contender(String),
    BestRival,
    /// Nanoseconds.
    Absolute,
}

/// A contender's figure is to be at most so much, of another's or in nanoseconds.
#[derive(Clone, Debug)]
pub struct Goal {
    of: String,
    statistic: Statistic,
    against: Against,
    at_most: f64,
}

impl Goal {
    /// Our median, at most so much of a contender's.
    pub fn ratio(against: &str, at_most: f64) -> Self {
        Self { of: OURS.into(), statistic: Statistic::P50, against: Against::Contender(against.into()), at_most }
    }

    /// Our median, at most so much of the best rival's in this run.
    pub fn best(at_most: f64) -> Self {
        Self { of: OURS.into(), statistic: Statistic::P50, against: Against::BestRival, at_most }
    }

    /// Our median, at most so many nanoseconds.
    pub fn absolute(at_most: f64) -> Self {
        Self { of: OURS.into(), statistic: Statistic::P50, against: Against::Absolute, at_most }
    }

    /// For the 99th percentile instead of the median.
    pub fn p99(self) -> Self {
        Self { statistic: Statistic::P99, ..self }
    }

    /// The case's own figure, at most so much.
    pub fn extra(at_most: f64) -> Self {
        Self { of: OURS.into(), statistic: Statistic::Extra, against: Against::Absolute, at_most }
    }

    /// For a contender other than the one called [`OURS`].
    pub fn of(self, contender: &str) -> Self {
        Self { of: contender.into(), ..self }
    }
}

impl<'a> Case<'a> {
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), contenders: Vec::new(), goals: Vec::new(), extra: None }
    }

    /// One of ours, or a peer.
    pub fn contender(mut self, name: &str, turn: impl FnMut() -> Turn + 'a) -> Self {
        self.contenders.push(Contender::new(name, false, turn));
        self
    }

    /// Something to compare with that is no peer.
    pub fn yardstick(mut self, name: &str, turn: impl FnMut() -> Turn + 'a) -> Self {
        self.contenders.push(Contender::new(name, true, turn));
        self
    }

    /// What the figure of this case's own is.
    pub fn extra(mut self, name: &'static str) -> Self {
        self.extra = Some(name);
        self
    }

    pub fn goal(mut self, goal: Goal) -> Self {
        self.goals.push(goal);
        self
    }

    /// Measures, prints the table, keeps the figures for `--json`.
    pub fn run(mut self, args: &Args, report: &mut Report) {
        self.contenders.retain(|contender| args.wants(&contender.name));
        if self.contenders.is_empty() || !args.wants_case(&self.name) {
            return report.passed_over(self.name);
        }
        let rounds = args.rounds();
        let count = self.contenders.len();
        let progress = progress(&self.name, (rounds + 1) * count);
        for round in 0..=rounds {
            // Whoever was first is last in the next round: nobody always follows the same neighbour's heat and caches.
            for place in 0..count {
                let one = &mut self.contenders[(place + round) % count];
                progress.set_message(one.name.clone());
                if one.failed.is_none() {
                    match isolated::turn(&mut one.take_turn) {
                        // The first round only warms up.
                        Ok(turn) if round > 0 => one.turns.push(turn),
                        Ok(_) => {}
                        Err(why) => one.failed = Some(why),
                    }
                }
                progress.inc(1);
            }
        }
        progress.finish_and_clear();
        if !stderr().is_terminal() {
            eprintln!("{}: {rounds} rounds of {count} contenders", self.name);
        }
        report.add(CaseResult::new(self));
    }
}

fn progress(case: &str, turns: usize) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(turns as u64), ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("{prefix}: {bar:30} {pos}/{len} {msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.with_prefix(case.to_owned())
}

#[derive(Debug, Serialize)]
pub struct CaseResult {
    pub name: String,
    pub extra: Option<&'static str>,
    pub contenders: Vec<ContenderResult>,
    pub goals: Vec<GoalResult>,
    /// Contenders without figures, and why.
    pub failed: Vec<String>,
}

#[derive(Debug, Serialize)]
pub struct ContenderResult {
    pub name: String,
    pub p50: Interval,
    pub p99: Interval,
    pub samples: usize,
    pub cores: f64,
    pub sleeps: f64,
    /// Ours over theirs, round by round.
    pub ours_to_this: Option<Interval>,
    pub best_rival: bool,
    pub p50_of_rounds: Vec<f64>,
    pub p99_of_rounds: Vec<f64>,
    pub extra_of_rounds: Vec<f64>,
}

#[derive(Debug, Serialize)]
pub struct GoalResult {
    pub goal: String,
    pub value: Interval,
    pub at_most: f64,
    pub met: bool,
    #[serde(skip)]
    pub absolute: bool,
}

impl ContenderResult {
    fn new(contender: Contender<'_>) -> Self {
        let Contender { name, turns, .. } = contender;
        let of_rounds = |tau| turns.iter().map(|turn| quantile(&turn.samples, tau)).collect::<Vec<f64>>();
        let over = |f: fn(&Turn) -> f64| median(&turns.iter().map(f).collect::<Vec<f64>>());
        let (p50_of_rounds, p99_of_rounds) = (of_rounds(0.5), of_rounds(0.99));
        Self {
            name,
            p50: bootstrap(&p50_of_rounds),
            p99: bootstrap(&p99_of_rounds),
            samples: turns.iter().map(|turn| turn.samples.len()).sum(),
            cores: over(|turn| turn.cores),
            sleeps: over(|turn| turn.sleeps),
            ours_to_this: None,
            best_rival: false,
            p50_of_rounds,
            p99_of_rounds,
            extra_of_rounds: turns.iter().filter_map(|turn| turn.extra).collect(),
        }
    }

    fn rounds(&self, statistic: Statistic) -> &[f64] {
        match statistic {
            Statistic::P50 => &self.p50_of_rounds,
            Statistic::P99 => &self.p99_of_rounds,
            Statistic::Extra => &self.extra_of_rounds,
        }
    }
}

/// What each round says of one figure over another.
fn ratio(ours: &[f64], theirs: &[f64]) -> Interval {
    bootstrap(&ours.iter().zip(theirs).map(|(ours, theirs)| ours / theirs).collect::<Vec<f64>>())
}

impl CaseResult {
    fn new(case: Case<'_>) -> Self {
        let (failed, done): (Vec<_>, Vec<_>) = case.contenders.into_iter().partition(|one| one.failed.is_some());
        let failed = failed.iter().map(|one| format!("{}: {}", one.name, one.failed.as_deref().unwrap_or("")));
        let failed = failed.collect();
        let peers: Vec<bool> = done.iter().map(|one| !one.yardstick && !one.name.starts_with(OURS)).collect();
        let mut contenders: Vec<ContenderResult> = done.into_iter().map(ContenderResult::new).collect();
        let best = |statistic| {
            let peers = contenders.iter().zip(&peers).filter(|(_, peer)| **peer).map(|(one, _)| one);
            peers.min_by(|a, b| median(a.rounds(statistic)).total_cmp(&median(b.rounds(statistic))))
        };
        let goals = case.goals.iter().filter_map(|goal| {
            let find = |name: &str| contenders.iter().find(|one| one.name == name);
            let ours = find(&goal.of)?.rounds(goal.statistic);
            let which = match goal.statistic {
                Statistic::P50 => String::new(),
                Statistic::P99 => " (p99)".to_owned(),
                Statistic::Extra => format!(" ({})", case.extra?),
            };
            let (value, text) = match &goal.against {
                Against::Contender(name) => (ratio(ours, find(name)?.rounds(goal.statistic)), format!("of {name}")),
                Against::BestRival => {
                    let best = best(goal.statistic)?;
                    (ratio(ours, best.rounds(goal.statistic)), format!("of the best rival, {}", best.name))
                }
                Against::Absolute => (bootstrap(ours), String::new()),
            };
            let absolute = matches!(goal.against, Against::Absolute) && goal.statistic != Statistic::Extra;
            // Missed only when even the interval's better end is worse than asked.
            let met = value.low <= goal.at_most;
            Some(GoalResult { goal: format!("{}{which} {text}", goal.of), value, at_most: goal.at_most, met, absolute })
        });
        let goals = goals.collect();
        let best = best(Statistic::P50).map(|one| one.name.clone());
        let ours = contenders.iter().find(|one| one.name == OURS).map(|one| one.p50_of_rounds.clone());
        for one in &mut contenders {
            one.best_rival = best.as_ref() == Some(&one.name);
            if one.name != OURS {
                one.ours_to_this = ours.as_ref().map(|ours| ratio(ours, &one.p50_of_rounds));
            }
        }
        Self { name: case.name, extra: case.extra, contenders, goals, failed }
    }
}
