// Stands for the docker command: notes what it was asked, and runs a `container` that tells its environment on its port.
import { appendFileSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';

const args = process.argv.slice(2);
const all = (option) => args.flatMap((each, at) => (each === option ? [args[at + 1]] : []));
const [file] = all('--env-file');
const note = { args };
if (file) {
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  const given = lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]);
  const handedOn = all('--env').map((name) => [name, process.env[name]]);
  note.environment = Object.fromEntries([...given, ...handedOn]);
  note.mode = (statSync(file).mode & 0o777).toString(8);
  const [, port] = all('--publish')[0].split(':');
  createServer((_request, response) => response.end(JSON.stringify(note.environment))).listen(
    Number(port),
    '127.0.0.1',
  );
  process.on('SIGTERM', () => process.exit(args.includes('stubborn') ? undefined : 3));
}
appendFileSync(process.env.FAKE_DOCKER_NOTES, `${JSON.stringify(note)}\n`);
