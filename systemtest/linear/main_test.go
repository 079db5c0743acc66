package linear

import (
	"testing"

	"github.com/acquis-eval/acquis/systemtest/rig"
)

func TestMain(m *testing.M) { rig.Main(m) }
