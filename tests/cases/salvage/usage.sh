# What the front door says, and its exit codes.
salvage --version
salvage && echo no || echo "exit $?"
salvage frobnicate || echo "exit $?"
salvage report || echo "exit $?"
salvage report a b || echo "exit $?"
salvage report --log 0 a || echo "exit $?"
salvage report --color blue a || echo "exit $?"
salvage report --nonsense a || echo "exit $?"
salvage report nothing || echo "exit $?"
echo "this is no dump" >text
salvage report text || echo "exit $?"
mkdir empty
salvage report empty || echo "exit $?"
salvage list a b || echo "exit $?"
salvage list nothing || echo "exit $?"
salvage list empty
salvage report --help | head -3
