/** Certificates for tests, valid for a hundred years. Their keys are public: they protect nothing. */
export const testCertificates: {
  /** Who has signed {@link testCertificates.cert}. */
  readonly ca: string;
  /** For `fairlead-manager.fairlead.svc`, `localhost` and 127.0.0.1. */
  readonly cert: string;
  readonly key: string;
  /** SHA-256 of {@link testCertificates.cert}. */
  readonly fingerprint: string;
} = {
  ca: `-----BEGIN CERTIFICATE-----
MIIBjjCCATOgAwIBAgIUN683ktrdtIXBiiTFXT7H49JDYQgwCgYIKoZIzj0EAwIw
GzEZMBcGA1UEAwwQZmFpcmxlYWQgdGVzdCBDQTAgFw0yNjExMjMwNTAxNDJaGA8y
MTI2MTAzMDA1MDE0MlowGzEZMBcGA1UEAwwQZmFpcmxlYWQgdGVzdCBDQTBZMBMG
ByqGSM49AgEGCCqGSM49AwEHA0IABOqxl7NO+T7lpDzre2YQPea9OOSC4S54zInQ
buAUPGRZjq1Gkn+DTfrvFVmN0IV1ex71zrvIAZxNfwotSu5vRpajUzBRMB0GA1Ud
DgQWBBTMosbM3ZNuu0uEv7RN4psaHf7NnjAfBgNVHSMEGDAWgBTMosbM3ZNuu0uE
v7RN4psaHf7NnjAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0kAMEYCIQDP
uBtWliNPFz8r+nOZuTeAwQgHLEU8+QmagvCfqCXArQIhALbbksff4SrWGq6vexD9
/JnGIJkjsQsgFPaUOAW3eQ76
-----END CERTIFICATE-----
`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBtzCCAV2gAwIBAgIUDFSLbUrIJ2OqRC5OA8G14PK91cwwCgYIKoZIzj0EAwIw
GzEZMBcGA1UEAwwQZmFpcmxlYWQgdGVzdCBDQTAgFw0yNjExMjMwNTAxNDJaGA8y
MTI2MTAzMDA1MDE0MlowGzEZMBcGA1UEAwwQZmFpcmxlYWQtbWFuYWdlcjBZMBMG
ByqGSM49AgEGCCqGSM49AwEHA0IABCcswE5AY+gX560zjNI3O7tsgVMU/e5jg5hq
xyLBtjDoLE5Lf2Zi3CPXTG7tbUfm08vOObgLMIasRP9bzdKB2hSjfTB7MDkGA1Ud
EQQyMDCCHWZhaXJsZWFkLW1hbmFnZXIuZmFpcmxlYWQuc3Zjgglsb2NhbGhvc3SH
BH8AAAEwHQYDVR0OBBYEFKMYG8dd12K9st4C7yx04T7vepMwMB8GA1UdIwQYMBaA
FMyixszdk267S4S/tE3imxod/s2eMAoGCCqGSM49BAMCA0gAMEUCIQD+RCawg///
kPh2Pd6rgROK/aR/lAsutWaPb4MNCm9+GQIgAyUu2Ix0SiHonmusdxnDr4LBfNdl
4sErzKwBFypHxow=
-----END CERTIFICATE-----
`,
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgVNqSeUMwd6nVPFdC
1ZwmfiyFFqJcXwh764CV08TLZ7ChRANCAAQnLMBOQGPoF+etM4zSNzu7bIFTFP3u
Y4OYasciwbYw6CxOS39mYtwj10xu7W1H5tPLzjm4CzCGrET/W83SgdoU
-----END PRIVATE KEY-----
`,
  fingerprint: 'f226ce0c2b21c8f61d29732e81dfa80ea1d220d6de233d62ac58a7e65dd61d0b',
};
