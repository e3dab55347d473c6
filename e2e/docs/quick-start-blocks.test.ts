import { runTypeScript } from './run-typescript.ts';

await runTypeScript('quick-start');
