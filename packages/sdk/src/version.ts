/** The version of this package, told to the relay for its log. */
export const sdkVersion = '0.0.0';
