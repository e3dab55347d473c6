/** The `fairlead` command as a function, for programs that want to run it in their own process. @packageDocumentation */

export type {
  StreamCall,
  StreamChange,
  StreamEnvironment,
  StreamEvent,
  StreamExchange,
  StreamIntercept,
} from './output/stream-event.ts';
export type { Terminal } from './output/terminal.ts';
export { type ProgramSurroundings, runProgram } from './program.ts';
