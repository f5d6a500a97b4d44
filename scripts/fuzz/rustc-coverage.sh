#!/bin/sh
# The compiler that cargo calls for the crates of this workspace, told to count the lines that are reached.
exec "$@" -Cinstrument-coverage
