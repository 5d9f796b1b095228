//! What things cost, measured. Never a test: machines differ.

pub mod app;
pub mod gateway;
pub mod screen;
mod sizes;
