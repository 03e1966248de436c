//! Which of many commits changed the level: the posterior of a noisy bisection, as a pure state machine.
