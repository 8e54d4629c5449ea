//! The broad phase of collision: upright columns with lists of the bodies in them, so that a body looks at its
//! neighbours only. Made by counting sort: no hashing, and the same order on every run.

use glam::Vec3;

pub struct Grid {
    cell: f32,
    /// Columns along each side of the square.
    side: usize,
    /// The bodies of column `c` are `order[starts[c]..starts[c + 1]]`.
    starts: Vec<u32>,
    order: Vec<u32>,
    /// Each body's column, kept between the two passes of the sort.
    columns: Vec<u32>,
}

impl Grid {
    /// Covers a disc around the origin; what is outside counts to the columns at the edge.
    pub fn new(cell: f32, radius: f32) -> Self {
        let side = (2.0 * radius / cell).ceil().max(1.0) as usize;
        Self { cell, side, starts: vec![0; side * side + 1], order: Vec::new(), columns: Vec::new() }
    }

    fn line(&self, coordinate: f32) -> usize {
        // A cast from a negative float to `usize` gives 0.
        ((coordinate / self.cell + 0.5 * self.side as f32) as usize).min(self.side - 1)
    }

    /// Sorts all bodies into their columns; within one they are in the order of `places`.
    pub fn sort(&mut self, places: impl ExactSizeIterator<Item = Vec3>) {
        self.order.resize(places.len(), 0);
        self.starts.fill(0);
        let mut columns = std::mem::take(&mut self.columns);
        columns.clear();
        columns.extend(places.map(|place| (self.line(place.z) * self.side + self.line(place.x)) as u32));
        for column in &columns {
            self.starts[*column as usize] += 1;
        }
        let mut end = 0;
        for start in &mut self.starts {
            end += *start;
            *start = end;
        }
        // From the last to the first: each start moves down to where its column begins.
        for (body, column) in columns.iter().enumerate().rev() {
            let start = &mut self.starts[*column as usize];
            *start -= 1;
            self.order[*start as usize] = body as u32;
        }
        self.columns = columns;
    }

    /// All bodies in columns within `reach` of a place, and some that are farther away.
    pub fn near(&self, place: Vec3, reach: f32) -> impl Iterator<Item = usize> {
        let (left, right) = (self.line(place.x - reach), self.line(place.x + reach));
        (self.line(place.z - reach)..=self.line(place.z + reach)).flat_map(move |row| {
            // Columns of a row lie one after another, and so do their bodies.
            let first = self.starts[row * self.side + left] as usize;
            let last = self.starts[row * self.side + right + 1] as usize;
            self.order[first..last].iter().map(|body| *body as usize)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn nobody_near_is_missed() {
        let mut random = Random::new(3);
        let mut coordinate = || random.within(-12.0..12.0);
        let places: Vec<Vec3> = (0..500).map(|_| Vec3::new(coordinate(), coordinate(), coordinate())).collect();
        let mut grid = Grid::new(1.5, 10.0);
        grid.sort(places.iter().copied());
        for place in &places {
            let near: Vec<usize> = grid.near(*place, 1.0).collect();
            for (other, at) in places.iter().enumerate() {
                assert!(at.distance(*place) > 1.0 || near.contains(&other));
            }
        }
    }
}
