/* Links one folder's library whole with the floors below it: an upward call fails here. */
int main(void)
{
	return 0;
}
