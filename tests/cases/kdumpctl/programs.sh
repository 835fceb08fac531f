# The programs of the image in ./bin, so that they are found beside kdumpctl wherever the build
# is. Which build of the report is in there does not matter here.
mkdir -p bin
for one in kdumpctl salvage-init salvage-collect salvage-report; do
	cp -L "$BUILD/bin/$one" bin/
done
