//! Two honest lanes have voted over ranges of one epoch that overlap beyond the head. Then one
//! further statement of an immediate lane moves the head, whoever made what final in between.

use crate::support::*;
use oneslot_model::*;
use proptest::prelude::*;

const SPAN: u64 = 8;

fn model_of_one_epoch() -> Model {
    let sizes = Sizes {
        span: SPAN,
        recent_finals: usize::try_from(SPAN).expect("small"),
        recent_batches: 2 * SPAN,
        ..Sizes::SMALL
    };
    let mut model =
        Model::new(Rule::FULL, sizes, kinds(), policy(0), CouncilMode::None).expect("a policy");
    model.register_key(TEE, program(0, TEE)).expect("a TEE lane");
    model.warp(KEY_DELAY);
    post(&mut model, 1..=SPAN);
    model
}

/// Final batches of the epoch, genesis first; two ranges that begin at one of them and overlap
/// beyond the last; and which two of the three lanes voted.
fn overlapping() -> impl Strategy<Value = (Vec<u64>, [(u64, u64); 2], [LaneId; 2])> {
    let finals = prop::collection::btree_set(1..SPAN, 0..5);
    let finals = finals.prop_map(|finals| [0].into_iter().chain(finals).collect::<Vec<_>>());
    finals.prop_flat_map(|finals| {
        let head = *finals.last().expect("genesis");
        let range = (prop::sample::select(finals.clone()), head + 1..=SPAN);
        let lanes = prop::sample::select(vec![[ZK, TEE], [ZK, OP], [TEE, OP]]);
        (Just(finals), [range.clone(), range], lanes)
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 3_000,
        failure_persistence: None,
        ..Default::default()
    })]

    #[test]
    fn one_more_statement_moves_the_head((finals, ranges, lanes) in overlapping()) {
        let mut model = model_of_one_epoch();
        // The votes are older than the final outputs at which they begin.
        let mut paths = Vec::new();
        for (lane, (parent, end)) in lanes.into_iter().zip(ranges) {
            let statement = right(&model, parent, end);
            paths.push(path(&mut model, lane, [statement]));
        }
        for batch in finals.iter().skip(1) {
            finalize(&mut model, *batch);
        }
        model.warp(WINDOW);
        let head = model.head().batch;

        // The slower lane's end is the goal, and the first lane, which is immediate, signs to it.
        let goal = ranges[1].1;
        let statement = right(&model, head, goal);
        paths.insert(0, path(&mut model, lanes[0], [statement]));
        let record = model.advance(&paths);
        let expected = Ok((goal, model.right_output(goal)));
        prop_assert_eq!(record.map(|record| (record.batch, Some(record.output))), expected);
    }

    /// With a common end, no further statement is needed if one vote begins at the head, or if
    /// both lanes may begin at records.
    #[test]
    fn votes_with_a_common_end_move_the_head_at_once((finals, ranges, lanes) in overlapping()) {
        let mut model = model_of_one_epoch();
        let goal = ranges[0].1;
        let paths = [0, 1].map(|voter: usize| {
            let statement = right(&model, ranges[voter].0, goal);
            path(&mut model, lanes[voter], [statement])
        });
        for batch in finals.iter().skip(1) {
            finalize(&mut model, *batch);
        }
        model.warp(WINDOW);
        let head = model.head().batch;
        let from_head = ranges.iter().any(|(parent, _)| *parent == head);
        let expected = if from_head { Ok(goal) } else { Err(Revert::NoPathFromHead { head }) };
        prop_assert_eq!(model.advance(&paths).map(|record| record.batch), expected);
    }
}
