//! Rows with named columns.

/// Declares the row type of a table: a struct over the cell type, in column order.
///
/// A column is `one` cell or an array `[n]` of cells. The struct gets its width, the names of its columns, and the
/// way from and to a slice of cells.
macro_rules! columns {
    ($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $kind:tt,)* }) => {
        $(#[$meta])*
        pub(crate) struct $name<T> {
            $($(#[$field_meta])* pub(crate) $field: $crate::columns::columns!(@cells T $kind),)*
        }

        // Derives cannot see through the macros in the types of the fields.
        impl<T: Copy> Clone for $name<T> {
            fn clone(&self) -> Self {
                *self
            }
        }

        impl<T: Copy> Copy for $name<T> {}

        impl<T> $name<T> {
            /// Number of columns.
            pub(crate) const WIDTH: usize = 0 $(+ $crate::columns::columns!(@width $kind))*;
        }

        impl<T: Copy> $name<T> {
            /// Row from its cells.
            pub(crate) fn read(cells: &[T]) -> Self {
                let mut cells = cells.iter().copied();
                let mut next = || cells.next().expect("invariant: a row has the table's width");
                Self { $($field: $crate::columns::columns!(@read next $kind),)* }
            }

            /// Appends the cells of the row.
            pub(crate) fn write(&self, cells: &mut Vec<T>) {
                $($crate::columns::columns!(@write cells self.$field, $kind);)*
            }
        }

        impl $name<()> {
            /// Name of each column.
            #[allow(dead_code, clippy::vec_init_then_push)]
            pub(crate) fn names() -> Vec<String> {
                let mut names = Vec::new();
                $($crate::columns::columns!(@names names stringify!($field), $kind);)*
                names
            }
        }
    };
    (@cells $t:ident one) => { $t };
    (@cells $t:ident [$n:expr]) => { [$t; $n] };
    (@width one) => { 1 };
    (@width [$n:expr]) => { $n };
    (@read $next:ident one) => { $next() };
    (@read $next:ident [$n:expr]) => { [(); $n].map(|()| $next()) };
    (@write $cells:ident $value:expr, one) => { $cells.push($value) };
    (@write $cells:ident $value:expr, [$n:expr]) => { $cells.extend_from_slice(&$value) };
    (@names $names:ident $field:expr, one) => { $names.push($field.to_owned()) };
    (@names $names:ident $field:expr, [$n:expr]) => {
        $names.extend((0..$n).map(|index| format!("{}[{index}]", $field)))
    };
}
pub(crate) use columns;
