import './probe.js';
import '/dist/worker.js';
