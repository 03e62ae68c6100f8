package conformance

import "slices"

func remoteWriteChecks() []Check {
	return slices.Concat(
		writeProtocolChecks(),
		writeMalformedChecks(),
		writeLabelRefusals(),
		writeLabelChecks(),
		writeAgeChecks(),
		writeOrderChecks(),
		writeDuplicateChecks(),
		writePartialChecks(),
		writeHistogramRefusals(),
		writeMetadataChecks(),
		writeReplicaChecks(),
		writeVersion2Checks(),
	)
}
