#!/usr/bin/env node
// Not made by the build: npm links the command of a checkout only if it is there when it installs.
import '../dist/main.js';
