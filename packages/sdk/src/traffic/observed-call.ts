import type { CallRecording } from '../handler/call-recording.ts';

/** A call between a caller and a local server while it is taken down. */
export class ObservedCall {
  readonly recording: CallRecording;
  readonly method: string;
  status = 0;
  /** All of the request, or of the answer, has gone by. */
  isSent = false;
  isAnswered = false;
  readonly #began: number = performance.now();

  constructor(recording: CallRecording, method: string) {
    this.recording = recording;
    this.method = method;
  }

  /** All of the request has gone by. */
  sent(): void {
    this.isSent = true;
    this.recording.bodyOver(true);
  }

  /** All of the answer has gone by. */
  answered(): void {
    this.isAnswered = true;
    this.#over('handler');
  }

  /** Nothing more comes. */
  ended(): void {
    this.recording.bodyOver(false);
    this.#over('nobody');
  }

  /** What was said first stays. */
  #over(servedBy: 'handler' | 'nobody'): void {
    this.recording.over({ servedBy, status: this.status, durationMs: performance.now() - this.#began });
  }
}
