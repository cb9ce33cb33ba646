//! The store from outside: what it promises, and what crashes and damage may do to it.

mod child;
mod disk;
mod feed;
mod history;
mod identity;
mod log;
mod log_crash;
mod log_damage;
mod log_failure;
mod log_image;
mod log_model;
mod log_race;
mod log_reference;
mod snapshot;
mod state;
mod state_crash;
mod writer;
