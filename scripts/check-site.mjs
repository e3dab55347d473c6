/**
 * Looks at the built site in a browser, as a reader would on a phone and on a desk: every page opens without an error or a
 * request that fails, nothing comes from elsewhere, links and anchors lead somewhere, nothing is wider than the window,
 * images have words for those who cannot see them, and headings are in order.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { chromium } from '@playwright/test';

const dist = 'docs/.vitepress/dist';
const browserPath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const widths = [360, 1280];
const types = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };

if (!existsSync(browserPath)) {
  console.error(`no browser at ${browserPath}: install chromium, or name one in CHROMIUM`);
  process.exit(1);
}

const files = readdirSync(dist, { recursive: true }).map((name) => String(name).replaceAll('\\', '/'));
const pages = files.filter((name) => name.endsWith('.html'));
const faults = new Set();
const ids = new Map();

/** The ids of a page, which anchors may lead to; undefined where there is no such page. */
function idsOf(path) {
  if (!ids.has(path)) {
    const file = join(dist, path);
    const known = existsSync(file) && statSync(file).isFile();
    ids.set(
      path,
      known ? new Set([...readFileSync(file, 'utf8').matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id)) : undefined,
    );
  }
  return ids.get(path);
}

function checkLink(from, href) {
  const url = new URL(href, `http://site/${from}`);
  if (url.host !== 'site') return;
  const path = decodeURIComponent(url.pathname)
    .replace(/^\//, '')
    .replace(/\/$|^$/, '/index.html')
    .replace(/^\//, '');
  const there = idsOf(path);
  const anchor = decodeURIComponent(url.hash.slice(1));
  if (there === undefined) faults.add(`${from}: nothing at ${href}`);
  else if (anchor !== '' && path.endsWith('.html') && !there.has(anchor)) faults.add(`${from}: no anchor ${href}`);
}

for (const page of pages) {
  const body = readFileSync(join(dist, page), 'utf8').replaceAll(/<script[\s\S]*?<\/script>/g, '');
  for (const [, href] of body.matchAll(/<(?:a|link|img|script)\b[^>]*?\s(?:href|src)="([^"]*)"/g)) {
    checkLink(page, href.replaceAll('&amp;', '&'));
  }
}

const server = createServer((request, response) => {
  const path = decodeURIComponent(new URL(request.url ?? '/', 'http://site').pathname);
  const file = join(dist, path.endsWith('/') ? `${path}index.html` : path);
  if (!existsSync(file) || !statSync(file).isFile()) return response.writeHead(404).end();
  response.setHeader('content-type', types[extname(file)] ?? 'application/octet-stream').end(readFileSync(file));
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const origin = `http://127.0.0.1:${server.address().port}`;

/** What the browser is asked about a page that it shows. */
function look() {
  const headings = [...document.querySelectorAll('h1, h2, h3, h4, h5, h6')]
    .filter((heading) => heading.closest('.vp-doc') !== null)
    .map((heading) => Number(heading.tagName[1]));
  const shown = (element) => element.getBoundingClientRect().width > 0;
  return {
    tooWide: document.documentElement.scrollWidth - window.innerWidth,
    wordless: [...document.querySelectorAll('img:not([alt]), [role=img]:not([aria-label])')].filter(shown).length,
    jumps: headings.filter((level, at) => level > (headings[at - 1] ?? 0) + 1).length,
    titles: headings.filter((level) => level === 1).length,
  };
}

const browser = await chromium.launch({ executablePath: browserPath, args: ['--no-sandbox'] });
/** Typedoc makes its pages alike: of each kind one is looked at. */
const looked = pages.filter((page, at) => {
  const folder = page.split('/').slice(0, 2).join('/');
  return (
    !page.startsWith('api/') || pages.findIndex((other) => other.startsWith(folder)) === at || page === 'api/index.html'
  );
});
const queue = [...looked];

async function work() {
  const page = await browser.newPage();
  let name = '';
  page.on('console', (message) => message.type() === 'error' && faults.add(`${name}: ${message.text()}`));
  page.on('pageerror', (error) => faults.add(`${name}: ${error.message}`));
  page.on('requestfailed', (request) => {
    // Pages are left before all that they fetch ahead is there.
    const why = request.failure()?.errorText;
    if (why !== 'net::ERR_ABORTED') faults.add(`${name}: ${request.url()} failed: ${why}`);
  });
  page.on(
    'response',
    (answer) => answer.status() >= 400 && faults.add(`${name}: ${answer.status()} for ${answer.url()}`),
  );
  page.on('request', (request) => {
    if (!/^(data:|blob:)/.test(request.url()) && !request.url().startsWith(origin))
      faults.add(`${name}: asks ${request.url()}`);
  });
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    name = next;
    await page.goto(`${origin}/${next}`, { waitUntil: 'load', timeout: 20_000 });
    for (const width of widths) {
      await page.setViewportSize({ width, height: 800 });
      const seen = await page.evaluate(look);
      if (next.startsWith('api/') || next === '404.html') continue;
      if (seen.tooWide > 0) faults.add(`${next}: ${seen.tooWide} px too wide at ${width} px`);
      if (seen.wordless > 0) faults.add(`${next}: ${seen.wordless} images without words`);
      if (seen.jumps > 0) faults.add(`${next}: a heading skips a level`);
      if (seen.titles !== 1) faults.add(`${next}: ${seen.titles} titles`);
    }
    // Scripts have started what they start only now.
    await page.waitForLoadState('networkidle', { timeout: 10_000 }).catch(() => {});
  }
}

await Promise.all([work(), work()]);
await browser.close();
server.close();
for (const fault of [...faults].sort((a, b) => a.localeCompare(b))) console.error(fault);
console.log(`${pages.length} pages, ${looked.length} of them in a browser: ${faults.size} faults`);
process.exit(faults.size === 0 ? 0 : 1);
