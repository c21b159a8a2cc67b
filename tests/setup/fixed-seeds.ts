// For the mutants: the same values in every run of a property test, so that one noticed today is
// noticed tomorrow; and no shrinking, for that it fails is all that is asked.
import fc from 'fast-check'

fc.configureGlobal({ seed: 20_261_122, endOnFailure: true })
