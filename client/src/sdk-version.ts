/** The version of this package, for the service's operators. */
export const SDK_VERSION = '0.1.0';
