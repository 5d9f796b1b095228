//! What things cost, measured. Never a test: machines differ.

pub mod gateway;
pub mod screen;
