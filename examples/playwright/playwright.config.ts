import { defineConfig } from '@playwright/test';

/** Chromium as it is installed on this machine; containers have no sandbox for it. */
export default defineConfig({
  testDir: '.',
  testMatch: '*.spec.ts',
  workers: 1,
  reporter: 'list',
  timeout: 30_000,
  use: {
    launchOptions: { executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] },
  },
});
