import { runTypeScript } from './run-typescript.ts';

await runTypeScript('playwright');
