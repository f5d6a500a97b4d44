/** The package's worker, made to fail: see fail.js, which is evaluated first. */
import './fail.js';
import '/dist/worker.js';
