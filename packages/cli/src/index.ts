/** The fairlead command. @packageDocumentation */
export {};
