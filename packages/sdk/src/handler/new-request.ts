/**
 * A request that holds on to the signal that it is given, or that the request has from which it is made. By itself it would follow
 * that by a weak reference, and be collected, deaf, while nobody holds more of it than a listener to its signal.
 */
export function newRequest(input: string | URL | Request, init: RequestInit = {}): Request {
  const signal = init.signal === undefined && input instanceof Request ? input.signal : init.signal;
  const request = new Request(input, init);
  return signal ? Object.defineProperty(request, 'signal', { value: signal }) : request;
}
