/** A mount of the app's container, as it is shared. */
export interface ServedVolume {
  /** Where the app sees it: absolute, without dots and without a slash at the end. */
  readonly mountPath: string;
  /** `local` and `withheld`: nothing of it leaves the pod; seen is an empty directory. */
  readonly access: 'read-only' | 'read-write' | 'local' | 'withheld';
  /**
   * Where it is here; undefined for what is not shared. Below a directory that the app has no say in, by names none of which may be
   * a link.
   */
  readonly place?: VolumePlace;
}

/** See {@link ServedVolume.place}. */
export interface VolumePlace {
  readonly base: string;
  readonly below: readonly string[];
}
