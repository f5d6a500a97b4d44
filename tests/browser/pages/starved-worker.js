/**
 * The package's worker, with a way to take its memory away: the engine's next large allocation then fails as it does on
 * a device that has no more, and Rust ends in a trap.
 *
 * `?on=` names a request at whose arrival the memory goes; without it, a test calls `self.starve()`.
 */
import './starve.js';
import '/dist/worker.js';
