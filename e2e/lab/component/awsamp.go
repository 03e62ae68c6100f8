package component

// NewAWSAMP returns a workspace of real AMP whose data plane is below base. Who works with it has credentials of his own: there are
// no keys.
func NewAWSAMP(region, workspace, base string) *AMP {
	return &AMP{Region: region, workspace: workspace, base: base, aws: true}
}

// Inspectable tells whether AMP is an emulator that shows the requests it got. AWS's does not.
func (a *AMP) Inspectable() bool { return !a.aws }
