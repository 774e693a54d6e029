//! The table of the rule: every state of the three lanes, and what it makes final.

use crate::support::*;
use oneslot_model::*;

const A: Output = Output(901);
const B: Output = Output(902);
const C: Output = Output(903);

/// What a lane says about the first batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Says {
    Nothing,
    One(Output),
    /// Two outputs, for TEE by different keys.
    Two(Output, Output),
    /// The same, and somebody reported it.
    Reported,
}

impl Says {
    /// The outputs that count.
    fn outputs(self) -> Vec<Output> {
        match self {
            Self::Nothing | Self::Reported => vec![],
            Self::One(output) => vec![output],
            Self::Two(one, two) => vec![one, two],
        }
    }
}

/// A rollup whose lanes say so. All lanes lie, so that each can say everything.
fn say(states: [Says; 3], council: CouncilMode) -> (Model, Vec<Path>) {
    let mut model = with(Rule::FULL, policy(0), council);
    let second_key = model.register_key(TEE, program(0, TEE)).expect("a TEE lane");
    model.warp(KEY_DELAY);
    post(&mut model, [1]);
    let mut paths = Vec::new();
    for (lane, says) in LANES.into_iter().zip(states) {
        model.corrupt(Liar::Lane(lane));
        let mut stand = |output, signer| {
            let statement = wrong(&model, 0, 1, output);
            model.vote(lane, signer, statement).expect("a liar");
            paths.push(Path { lane, votes: vec![Vote { statement, signer }] });
        };
        let other = if lane == TEE { Signer::Key(second_key) } else { signer(lane) };
        match says {
            Says::Nothing => {}
            Says::One(output) => stand(output, signer(lane)),
            Says::Two(one, two) => {
                stand(one, signer(lane));
                stand(two, other);
            }
            Says::Reported => {
                stand(A, signer(lane));
                stand(B, signer(lane));
                let [first, second] = &paths[paths.len() - 2..] else { panic!("two paths") };
                model.contradict(first, second).expect("a contradiction");
            }
        }
    }
    (model, paths)
}

fn output(path: &Path) -> Output {
    path.votes[0].statement.end.output
}

/// Calls `advance` for one output, with all evidence.
fn advance(model: &mut Model, paths: &[Path], wanted: Output) -> Result<Record, Revert> {
    let (mine, others): (Vec<_>, Vec<_>) =
        paths.iter().cloned().partition(|path| output(path) == wanted);
    if mine.is_empty() { Err(Revert::NoEvidence) } else { model.advance(&[mine, others].concat()) }
}

fn states() -> impl Iterator<Item = [Says; 3]> {
    let all =
        [Says::Nothing, Says::One(A), Says::One(B), Says::One(C), Says::Two(A, B), Says::Reported];
    let pairs = all.into_iter().flat_map(move |zk| all.map(|tee| (zk, tee)));
    pairs.flat_map(move |(zk, tee)| all.map(|op| [zk, tee, op]))
}

fn supporters(states: &[Says; 3], wanted: Output) -> usize {
    states.iter().filter(|says| says.outputs().contains(&wanted)).count()
}

#[test]
fn an_output_is_final_if_two_lanes_stand_by_it() {
    for states in states() {
        let (model, paths) = say(states, CouncilMode::None);
        for wanted in [A, B, C] {
            let mut model = model.clone();
            let result = advance(&mut model, &paths, wanted);
            let expected = supporters(&states, wanted) >= 2;
            assert_eq!(result.is_ok(), expected, "{states:?} {wanted:?} {result:?}");
            assert_eq!(model.head().batch, u64::from(expected), "{states:?} {wanted:?}");
            if expected {
                // Whatever else lanes stand by, it is final now.
                for other in [A, B, C].into_iter().filter(|_| !paths.is_empty()) {
                    assert!(advance(&mut model, &paths, other).is_err());
                }
                assert_eq!(model.head().output, wanted);
            }
        }
    }
}

#[test]
fn the_council_chooses_only_what_a_lane_stands_by_and_only_while_a_predicate_holds() {
    for (states, days) in states().flat_map(|states| [(states, 0), (states, 21)]) {
        // What the words say.
        let quorum = [A, B, C].into_iter().any(|wanted| supporters(&states, wanted) >= 2);
        let is_suspended = |lane: usize| states[lane] == Says::Reported && LANES[lane] != TEE;
        let live: Vec<_> = (0..3).filter(|lane| !is_suspended(*lane)).collect();
        let all_stand = live.iter().all(|lane| !states[*lane].outputs().is_empty());
        let predicate = match live.len() {
            3 => all_stand,
            2 => all_stand,
            _ => true,
        };
        for mode in [CouncilMode::None, CouncilMode::Standard, CouncilMode::Stage1] {
            let (mut model, paths) = say(states, mode);
            model.warp(days * DAY);
            // A hostile council leaves out what stands in its way only if a lane is silent then.
            let standing: Vec<_> = paths
                .into_iter()
                .filter(|path| model.judge(path, &path.votes[0].statement.end).is_ok())
                .collect();
            let allowed = match mode {
                CouncilMode::None => false,
                CouncilMode::Standard => predicate || days == 21,
                CouncilMode::Stage1 => true,
            };
            let expected = !standing.is_empty() && !quorum && allowed;
            for index in 0..standing.len().max(1) {
                let mut model = model.clone();
                let result = model.choose(&standing, index);
                assert_eq!(result.is_ok(), expected, "{states:?} {days} {mode:?} {result:?}");
                if expected {
                    assert_eq!(
                        model.execute_choice(&standing),
                        Err(Revert::NotDue { due: model.now() + NOTICE, now: model.now() })
                    );
                    model.warp(NOTICE);
                    let record = model.execute_choice(&standing).expect("still deadlocked");
                    assert_eq!(record.output, output(&standing[index]));
                }
            }
        }
    }
}
