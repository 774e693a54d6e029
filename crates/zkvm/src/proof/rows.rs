//! Encoding of the opened rows, which are most of a proof.
//!
//! Queries often open the same row of a low table; each distinct row is written once. Elements have eight bytes, little
//! endian, and are canonical.

use std::collections::HashMap;

use oneslot_stark::element_from_bytes;
use p3_field::PrimeField64;
use p3_goldilocks::Goldilocks;
use serde::{Deserialize, Serialize};

use crate::{Error, config::QUERIES};

/// Most columns of all openings together.
const MAX_COLUMNS: usize = 1 << 14;
const ELEMENT_BYTES: usize = 8;
const WHAT: &str = "the proof's opened rows";

/// Rows of one matrix, by query and column.
type Rows = Vec<Vec<Goldilocks>>;

/// What the bytes of one matrix hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RowShape {
    /// Columns.
    width: u32,
    /// Which of the rows written each query opens, in the order in which queries first open them; empty if all are
    /// distinct.
    which: Vec<u8>,
}

const _: () = assert!(QUERIES <= 1 << 8, "the number of a row fits a byte");

impl RowShape {
    /// Rows written.
    fn rows(&self) -> usize {
        match self.which.iter().max() {
            None => QUERIES,
            Some(&last) => usize::from(last) + 1,
        }
    }

    /// Checks that there are columns, that every query opens a row, and that rows are numbered as they are first opened.
    fn check(&self) -> Result<(), Error> {
        if self.width == 0 {
            return Err(Error::malformed(WHAT, "a matrix has no columns"));
        }
        let mut seen = 0;
        for &row in &self.which {
            if usize::from(row) > seen {
                return Err(Error::malformed(WHAT, "a row is skipped"));
            }
            seen = seen.max(usize::from(row) + 1);
        }
        if ![0, QUERIES].contains(&self.which.len()) || seen == QUERIES {
            return Err(Error::malformed(WHAT, "the list of a matrix' rows has a wrong length"));
        }
        Ok(())
    }
}

/// Encodes openings, each given by query, matrix and column: shapes of the matrices, and their elements.
pub(super) fn encode<'a>(
    openings: impl Iterator<Item = &'a [Rows]>,
) -> (Vec<Vec<RowShape>>, Vec<u8>) {
    let mut bytes = Vec::new();
    let shapes = openings
        .map(|queries| {
            assert_eq!(queries.len(), QUERIES, "invariant: a proof opens a row for each query");
            (0..queries[0].len())
                .map(|matrix| encode_matrix(queries.iter().map(|rows| &rows[matrix]), &mut bytes))
                .collect()
        })
        .collect();
    (shapes, bytes)
}

fn encode_matrix<'a>(
    rows: impl Iterator<Item = &'a Vec<Goldilocks>>,
    bytes: &mut Vec<u8>,
) -> RowShape {
    let mut numbers: HashMap<&[Goldilocks], u8> = HashMap::new();
    let (mut which, mut width) = (Vec::new(), 0);
    for row in rows {
        let next = numbers.len() as u8;
        let number = *numbers.entry(row.as_slice()).or_insert_with(|| {
            bytes.extend(row.iter().flat_map(|cell| cell.as_canonical_u64().to_le_bytes()));
            next
        });
        which.push(number);
        width = row.len() as u32;
    }
    if numbers.len() == QUERIES {
        which.clear();
    }
    RowShape { width, which }
}

/// Decodes openings by query, matrix and column.
pub(super) fn decode(shapes: &[Vec<RowShape>], bytes: &[u8]) -> Result<Vec<Vec<Rows>>, Error> {
    let (mut columns, mut elements) = (0, 0);
    for shape in shapes.iter().flatten() {
        shape.check()?;
        columns += u64::from(shape.width);
        elements += u64::from(shape.width) * shape.rows() as u64;
        if columns > MAX_COLUMNS as u64 {
            return Err(Error::TooLarge { what: WHAT, expected: MAX_COLUMNS as u64, got: columns });
        }
    }
    if shapes.iter().any(Vec::is_empty) {
        return Err(Error::malformed(WHAT, "an opening has no matrices"));
    }
    if elements * ELEMENT_BYTES as u64 != bytes.len() as u64 {
        let why = format!("{} bytes for {elements} elements", bytes.len());
        return Err(Error::malformed(WHAT, why));
    }
    let mut rest = bytes;
    shapes.iter().map(|matrices| decode_opening(matrices, &mut rest)).collect()
}

/// Takes the rows of one opening from the front of `bytes`, which are enough.
fn decode_opening(matrices: &[RowShape], bytes: &mut &[u8]) -> Result<Vec<Rows>, Error> {
    let mut queries: Vec<_> = (0..QUERIES).map(|_| Rows::with_capacity(matrices.len())).collect();
    for shape in matrices {
        let width = shape.width as usize;
        let (taken, rest) = bytes.split_at(ELEMENT_BYTES * width * shape.rows());
        *bytes = rest;
        let elements = taken.as_chunks::<ELEMENT_BYTES>().0.iter();
        let elements: Vec<_> = elements
            .map(|element| element_from_bytes(*element))
            .collect::<Result<_, _>>()
            .map_err(|error| Error::malformed(WHAT, error))?;
        for (query, rows) in queries.iter_mut().enumerate() {
            let row = shape.which.get(query).map_or(query, |&row| row.into());
            rows.push(elements[row * width..][..width].to_vec());
        }
    }
    Ok(queries)
}

#[cfg(test)]
mod tests {
    use p3_field::PrimeCharacteristicRing;

    use super::*;

    /// Matrices of 3 and 2 columns, of which the second has five rows.
    fn opening() -> Vec<Rows> {
        let cell = Goldilocks::from_usize;
        (0..QUERIES)
            .map(|query| {
                vec![
                    vec![cell(query), -cell(query), cell(7)],
                    vec![cell(query % 5), -Goldilocks::ONE],
                ]
            })
            .collect()
    }

    #[test]
    fn openings_come_back() {
        let openings = [opening(), opening()];
        let (shapes, bytes) = encode(openings.iter().map(Vec::as_slice));
        assert_eq!(bytes.len(), 2 * 8 * (3 * QUERIES + 2 * 5));
        assert_eq!(decode(&shapes, &bytes).expect("valid"), openings);
    }

    #[test]
    fn refuses_what_is_no_encoding() {
        let openings = [opening()];
        let (shapes, bytes) = encode(openings.iter().map(Vec::as_slice));
        let refused = |shapes: &[Vec<RowShape>], bytes: &[u8]| {
            decode(shapes, bytes).expect_err("refused");
        };
        refused(&shapes, &bytes[1..]);
        refused(&shapes, &[&bytes[..], &[0; 8]].concat());
        let mut element = bytes.clone();
        element[..8].copy_from_slice(&Goldilocks::ORDER_U64.to_le_bytes());
        refused(&shapes, &element);

        let with = |change: &dyn Fn(&mut RowShape)| {
            let mut shapes = shapes.clone();
            change(&mut shapes[0][1]);
            shapes
        };
        refused(&with(&|shape| shape.width = u32::MAX), &bytes);
        refused(&with(&|shape| shape.which.swap(0, 1)), &bytes);
        refused(&with(&|shape| shape.which[200] = 6), &bytes);
        refused(&with(&|shape| shape.which.truncate(QUERIES - 1)), &bytes);
        refused(&with(&|shape| shape.which.push(0)), &bytes);
        refused(&with(&|shape| shape.which.clear()), &bytes);
        // Nothing at all, over and over.
        refused(&[Vec::new()], &[]);
        refused(&[vec![RowShape { width: 0, which: Vec::new() }]], &[]);
        // One row for all queries, so that few bytes would become many elements.
        let wide = RowShape { width: MAX_COLUMNS as u32 + 1, which: vec![0; QUERIES] };
        refused(&[vec![wide]], &vec![0; 8 * (MAX_COLUMNS + 1)]);
    }
}
