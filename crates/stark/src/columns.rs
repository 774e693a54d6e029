//! Rows with named columns.

/// The columns of a table: how many there are and how they are called.
pub trait Columns {
    /// Number of columns.
    const WIDTH: usize;

    /// Name of each column, in order.
    fn names() -> Vec<String>;
}

/// Declares the row type of a table: a struct over the cell type, in column order.
///
/// A column is `one` cell, an array `[n]` of cells, or a group `(Row)`: the columns of another row
/// type, in its order and with its names behind the field's. The struct gets its width, the names
/// of its columns ([`Columns`]), a default, and the way from and to a slice of cells.
///
/// ```
/// use oneslot_stark::columns;
///
/// columns! {
///     /// A value with the time since when it holds.
///     State {
///         value: [2],
///         time: one,
///     }
/// }
///
/// columns! {
///     /// A change of a value.
///     Change {
///         before: (State),
///         after: [2],
///     }
/// }
///
/// let names = ["before.value[0]", "before.value[1]", "before.time", "after[0]", "after[1]"];
/// assert_eq!(Change::names(), names);
/// let change = Change::read(&[1, 2, 3, 4, 5]);
/// assert_eq!(change.before.time, 3);
/// let mut cells = Vec::new();
/// change.write(&mut cells);
/// assert_eq!(cells, [1, 2, 3, 4, 5]);
/// Change::default().put(&mut cells.iter_mut());
/// assert_eq!(cells, [0; 5]);
/// ```
#[macro_export]
macro_rules! columns {
    ($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $kind:tt,)* }) => {
        $(#[$meta])*
        pub(crate) struct $name<T> {
            $($(#[$field_meta])* pub(crate) $field: $crate::columns!(@cells T $kind),)*
        }

        // Derives cannot see through the macros in the types of the fields.
        impl<T: Copy> Clone for $name<T> {
            fn clone(&self) -> Self {
                *self
            }
        }

        impl<T: Copy> Copy for $name<T> {}

        impl $name<()> {
            /// Number of columns.
            #[allow(dead_code)]
            pub(crate) const WIDTH: usize = 0 $(+ $crate::columns!(@width $kind))*;

            /// Name of each column.
            #[allow(dead_code, clippy::vec_init_then_push)]
            pub(crate) fn names() -> Vec<String> {
                let mut names = Vec::new();
                $($crate::columns!(@names names stringify!($field), $kind);)*
                names
            }
        }

        impl<T: Copy + Default> Default for $name<T> {
            fn default() -> Self {
                Self { $($field: $crate::columns!(@default T $kind),)* }
            }
        }

        #[allow(dead_code)]
        impl<T: Copy> $name<T> {
            /// Row from its cells.
            pub(crate) fn read(cells: &[T]) -> Self {
                Self::take(&mut cells.iter().copied())
            }

            /// Row from the next cells.
            pub(crate) fn take(cells: &mut impl Iterator<Item = T>) -> Self {
                Self { $($field: $crate::columns!(@take cells $kind),)* }
            }

            /// Appends the cells of the row.
            pub(crate) fn write(&self, cells: &mut Vec<T>) {
                $($crate::columns!(@write cells self.$field, $kind);)*
            }

            /// Puts the cells of the row where they belong.
            pub(crate) fn put<'a>(&self, cells: &mut impl Iterator<Item = &'a mut T>)
            where
                T: 'a,
            {
                $($crate::columns!(@put cells self.$field, $kind);)*
            }
        }

        impl $crate::Columns for $name<()> {
            const WIDTH: usize = Self::WIDTH;

            fn names() -> Vec<String> {
                Self::names()
            }
        }
    };
    (@cells $t:ident one) => { $t };
    (@cells $t:ident [$n:expr]) => { [$t; $n] };
    (@cells $t:ident ($group:ident)) => { $group<$t> };
    (@width one) => { 1 };
    (@width [$n:expr]) => { $n };
    (@width ($group:ident)) => { $group::<()>::WIDTH };
    (@take $cells:ident one) => {
        $cells.next().expect("invariant: a row has the table's width")
    };
    (@take $cells:ident [$n:expr]) => { [(); $n].map(|()| $crate::columns!(@take $cells one)) };
    (@take $cells:ident ($group:ident)) => { $group::take($cells) };
    (@write $cells:ident $value:expr, one) => { $cells.push($value) };
    (@write $cells:ident $value:expr, [$n:expr]) => { $cells.extend_from_slice(&$value) };
    (@write $cells:ident $value:expr, ($group:ident)) => { $value.write($cells) };
    (@default $t:ident one) => { $t::default() };
    (@default $t:ident [$n:expr]) => { [$t::default(); $n] };
    (@default $t:ident ($group:ident)) => { $group::default() };
    (@put $cells:ident $value:expr, one) => {
        *$cells.next().expect("invariant: a row has the table's width") = $value
    };
    (@put $cells:ident $value:expr, [$n:expr]) => {
        $value.into_iter().for_each(|value| $crate::columns!(@put $cells value, one))
    };
    (@put $cells:ident $value:expr, ($group:ident)) => { $value.put($cells) };
    (@names $names:ident $field:expr, one) => { $names.push($field.to_owned()) };
    (@names $names:ident $field:expr, [$n:expr]) => {
        $names.extend((0..$n).map(|index| format!("{}[{index}]", $field)))
    };
    (@names $names:ident $field:expr, ($group:ident)) => {
        $names.extend(
            $group::<()>::names().into_iter().map(|name| format!("{}.{name}", $field)),
        )
    };
}
