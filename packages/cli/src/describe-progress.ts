import type { InterceptProgress } from '@fairlead/core';

/** A stage of the preparation in words. */
export function describeProgress({ stage, done, total }: InterceptProgress): string {
  switch (stage) {
    case 'planned':
      return 'planned';
    case 'stored':
      return 'agent config stored';
    case 'rolling-out':
      return `pods replaced ${done}/${total}`;
    case 'agents':
      return `agents ready ${done}/${total}`;
  }
}
